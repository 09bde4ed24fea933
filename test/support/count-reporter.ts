/** Ends the run with one line that counts the tests, for whoever reads only the last line. */
import type { Reporter, TestModule } from 'vitest/node';

export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    let broken = 0;
    for (const module of modules) {
      // A file that could not be loaded has no tests to fail.
      if (module.errors().length > 0) broken++;
      for (const test of module.children.allTests()) counts[test.result().state]++;
    }
    const { passed, failed, skipped, pending } = counts;
    process.once('exit', () => {
      process.stdout.write(
        `\n${passed} passed, ${failed + broken} failed, ${skipped + pending} skipped\n`,
      );
    });
  }
}
