/**
 * How a RabbitMQ node of ours is started: everything in its work folder, every port on loopback, one
 * scheduler that does not spin, and without the waits that only a cluster needs.
 */
import path from 'node:path';
import { NODE_FILES, type NodePorts } from './configuration.ts';

/** Only MQTT: every other plugin costs time and, some of them, a port. */
export const ENABLED_PLUGINS = '[rabbitmq_mqtt].\n';

/**
 * The MQTT plugin waits 3 to 6 seconds (10 to 20 times 300 ms) for other nodes before it starts the
 * Raft server that keeps the client IDs, unless that runs already (mqtt_node.erl of 3.8 to 3.12). So
 * it is started with the same settings as soon as its system is there. Where this does not fit the
 * version, nothing happens and the plugin waits. Likewise, the logger leaves out lines when more than
 * 200 wait to be written (drop_mode_qlen of logger_std_h), which evidence must not; those who log wait
 * for it instead, from the tenth line on.
 */
const START_EARLY = `
spawn(fun() -> Wait = fun(Again, Left) ->
  case catch ra_system:fetch(coordination) of
    #{names := #{server_sup := Supervisor}} when Left > 0 ->
      case whereis(Supervisor) of
        undefined -> timer:sleep(20), Again(Again, Left - 1);
        _ ->
          [catch logger:update_handler_config(Handler, config,
             #{drop_mode_qlen => 1000000, flush_qlen => 1000000})
           || #{id := Handler} <- logger:get_handler_config()],
          Uid = ra:new_uid(<<"mqtt_node">>), Id = {mqtt_node, node()},
          catch ra:start_server(coordination, #{cluster_name => mqtt_node, id => Id, uid => Uid,
            friendly_name => "mqtt_node", initial_members => [],
            log_init_args => #{uid => Uid}, tick_timeout => 65,
            machine => {module, mqtt_machine, #{}}}),
          catch ra:trigger_election(Id, 60000)
      end;
    _ when Left > 0 -> timer:sleep(20), Again(Again, Left - 1);
    _ -> ok
  end end, Wait(Wait, 1500) end).`;

export interface NodeOptions {
  readonly workFolder: string;
  readonly main: string;
  /** File of Erlang terms; undefined without one. */
  readonly advanced: string | undefined;
  readonly ports: NodePorts;
}

const NODE_NAME = 'doppelfleet@localhost';
const LOOPBACK_ONLY = '-kernel inet_dist_use_interface {127,0,0,1}';

/**
 * What `rabbitmqctl` needs to reach the node, and what it is to say: certificates and authorities
 * are to be read again (RabbitMQ's guide to TLS, «Certificate and private key rotation»).
 */
export const CLEAR_CERTIFICATES = ['-n', NODE_NAME, '-q', 'eval', 'ssl:clear_pem_cache().'];

/** What `rabbitmqctl` needs to have definitions added to those that the node has. */
export function importDefinitions(file: string): readonly string[] {
  return ['-n', NODE_NAME, '-q', 'import_definitions', file];
}

export function toolEnvironment({
  workFolder,
  ports,
}: Pick<NodeOptions, 'workFolder' | 'ports'>): Readonly<Record<string, string>> {
  return {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    LANG: 'C.UTF-8',
    HOME: path.resolve(workFolder, NODE_FILES.home),
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    ERL_CRASH_DUMP: '/dev/null',
    ERL_EPMD_PORT: String(ports.names),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_ZFLAGS: LOOPBACK_ONLY,
  };
}

/** The environment of the node: nothing of ours but where programs are found. */
export function nodeEnvironment(options: NodeOptions): Readonly<Record<string, string>> {
  const { workFolder, main, advanced } = options;
  const at = (...parts: string[]): string => path.resolve(workFolder, ...parts);
  return {
    // Its home holds the cookie that nodes and tools prove themselves with.
    ...toolEnvironment(options),
    RABBITMQ_NODENAME: NODE_NAME,
    RABBITMQ_MNESIA_BASE: at('data', 'mnesia'),
    RABBITMQ_LOG_BASE: at('data', 'log'),
    RABBITMQ_CONFIG_FILE: at(main),
    RABBITMQ_ADVANCED_CONFIG_FILE: at(advanced ?? path.join('data', 'none.config')),
    RABBITMQ_ENABLED_PLUGINS_FILE: at(NODE_FILES.plugins),
    RABBITMQ_PLUGINS_EXPAND_DIR: at('data', 'plugins'),
    // The script becomes the node, instead of waiting for it: one process to signal and to guard.
    RUNNING_UNDER_SYSTEMD: 'true',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 1:1 +sbwt none',
    // Before what the script says: what is evaluated comes before the boot then, which it blocks.
    ERL_AFLAGS: `-eval '${START_EARLY.replace(/\s+/g, ' ').trim()}'`,
    // Also for the node that the node starts to be sure of epmd. A certificate once read is kept:
    // its private key need not lie about.
    ERL_ZFLAGS: `${LOOPBACK_ONLY} -ssl ssl_pem_cache_clean 4294967295`,
  };
}
