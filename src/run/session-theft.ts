/**
 * Whether a session can be stolen, tried: the scripts of session ownership, played on the broker and
 * configuration of a run. The same configuration is tried once, however many runs use it.
 */
import type { BrokerConfiguration } from '../broker/configuration.ts';
import { assert } from '../core/assert.ts';
import { UserError } from '../core/errors.ts';
import type { FixEffects, TheftTrial } from '../effects/fix-effects.ts';
import { THEFT_SCRIPTS } from '../effects/theft-scripts.ts';
import type { RunReport } from '../report/report.ts';
import { loadAnyScenario } from '../script/load-any.ts';
import { createSubfolder } from './run-folder.ts';
import { runScript } from './run-script.ts';
import type { RunSession } from './run-variant.ts';

type TrialSession = Pick<RunSession, 'broker' | 'options' | 'folder'>;
type SessionTheft = NonNullable<FixEffects['sessionTheft']>;

export class SessionTheftTrials {
  readonly #session: TrialSession;
  readonly #tried = new Map<string, Promise<SessionTheft>>();

  /** A folder inside that of the session takes what the scripts leave. */
  constructor(session: TrialSession) {
    this.#session = session;
  }

  /** The report of a run on that configuration, with what the trials showed. */
  async addedTo(run: RunReport, configuration?: BrokerConfiguration): Promise<RunReport> {
    if (run.effects === undefined) return run;
    const sessionTheft = await this.try(configuration);
    return { ...run, effects: { ...run.effects, sessionTheft } };
  }

  /** Without a configuration the broker runs with its adapter's own. */
  try(configuration?: BrokerConfiguration): Promise<SessionTheft> {
    const key = JSON.stringify(
      configuration === undefined ? [] : [configuration.main, ...configuration.files],
    );
    const tried = this.#tried.get(key) ?? this.#tryAll(configuration, this.#tried.size + 1);
    this.#tried.set(key, tried);
    return tried;
  }

  async #tryAll(
    configuration: BrokerConfiguration | undefined,
    number: number,
  ): Promise<SessionTheft> {
    const { broker, options } = this.#session;
    if (broker.kind === 'external') {
      return { trials: [], note: 'not tried on a broker that runs elsewhere' };
    }
    if (options.signal?.aborted || options.killSignal?.aborted) {
      return { trials: [], note: 'the run was interrupted before it was tried' };
    }
    const scripts = Object.keys(THEFT_SCRIPTS);
    const play = (script: string): Promise<TheftTrial> => this.#play(script, configuration, number);
    // Most of a script is waiting; but a broker that starts slowly is a heavy one.
    if (!broker.adapter.startsSlowly) return { trials: await Promise.all(scripts.map(play)) };
    const trials: TheftTrial[] = [];
    for (const script of scripts) trials.push(await play(script));
    return { trials };
  }

  async #play(
    script: string,
    configuration: BrokerConfiguration | undefined,
    number: number,
  ): Promise<TheftTrial> {
    const name = `session-theft-${number}/${script.replace(':', '-')}`;
    const { broker, options, folder } = this.#session;
    const { observer: _fleet, folder: _run, fixes: _fixes, ...common } = options;
    try {
      const loaded = await loadAnyScenario(script);
      assert(loaded.kind === 'script', `${script} is a script`);
      const { result } = await runScript(loaded.script, {
        ...common,
        broker,
        folder: await createSubfolder(folder, name),
        ...(configuration === undefined ? {} : { configuration }),
        reproduce: `doppelfleet run ${script}`,
      });
      const possible = { met: false, unmet: true, inconclusive: undefined }[result.outcome];
      return { script, possible, because: result.because };
    } catch (error) {
      // What is broken off says so by throwing the signal's reason.
      if (options.signal?.aborted || options.killSignal?.aborted) {
        return { script, possible: undefined, because: 'the run was interrupted' };
      }
      if (!(error instanceof UserError)) throw error;
      return { script, possible: undefined, because: error.message };
    }
  }
}
