/** The story of a script on stderr: a line for each step, as it ends. */
import {
  printable,
  renderScriptReport,
  renderStep,
  type ScriptObserver,
  type Style,
  scriptName,
  wrap,
} from '../index.ts';
import type { OutputStream } from './environment.ts';

export function scriptObserver(stream: OutputStream, style: Style): ScriptObserver {
  const say = (text: string): void => {
    stream.write(`${text}\n`);
  };
  return {
    scriptPlanned(loaded, target, mqttVersion) {
      say(`\n${style.bold(style.cyan(`▶ ${scriptName(loaded)}`))}`);
      for (const line of wrap(printable(loaded.script.purpose, 1000), style.width - 2)) {
        say(`  ${line}`);
      }
      say(`  target        ${printable(target, 200)}, MQTT ${mqttVersion}`);
    },
    brokerStarted({ version, endpoint }) {
      say(`  broker        ${version} at ${endpoint}\n`);
    },
    step(result) {
      say(renderStep(result, style));
    },
    scriptFinished(report) {
      say(renderScriptReport(report, style));
    },
    warning(message) {
      say(`  ${style.yellow('warning')} ${printable(message, 500)}`);
    },
  };
}
