/** Every bound of the program, with its reason. */

/** A scenario file describes groups; a megabyte of YAML is a mistake or an attack. */
export const SCENARIO_BYTES_MAX = 1_000_000;

/** A broker's configuration is written by hand; one file of it, and all files that belong to it. */
export const CONFIGURATION_BYTES_MAX = 1024 * 1024;
export const CONFIGURATION_FILES_MAX = 64;

/** Anchors are for a few shared settings; nested ones multiply. */
export const YAML_ALIASES_MAX = 200;

/** Longer than any run: a duration beyond it is a slip of the hand. */
export const DURATION_MS_MAX = 366 * 86_400_000;

/** A factor beyond it is a slip of the hand. */
export const TIME_SCALE_MAX = 1000;
/** Devices of one group; a run is capped far below, see {@link CAP_DEVICES}. */
export const GROUP_DEVICES_MAX = 1_000_000;
/** Two bytes of seconds (MQTT 5.0 §3.1.2.10). */
export const KEEP_ALIVE_SECONDS_MAX = 65_535;
/** Characters of a template for a client ID or topic: rendered it still fits an MQTT string. */
export const TEMPLATE_LENGTH_MAX = 4_096;

/** Caps on what a run may do until they are raised on the command line: this is an attack tool. */
export const CAP_DEVICES = 10_000;
export const CAP_ARRIVALS_PER_SECOND = 1_000;
export const CAP_DURATION_MS = 3_600_000;

/** Presence that overlaps or is apart by less than this can't be told for certain on a real broker. */
export const PRESENCE_MARGIN_MS = 250;

/** A history line holds a client ID, a user name and a raw text of 64 KiB each, JSON-escaped. */
export const HISTORY_LINE_BYTES_MAX = 4 * 1024 * 1024;
/** MQTT strings carry a two-byte length (MQTT 5.0 §1.5.4). */
export const MQTT_STRING_LENGTH_MAX = 65_535;
/** What a source said is kept up to this many characters; a log line may repeat a client ID twice. */
export const RAW_LENGTH_MAX = 131_072;
/** So much of a source is looked at to tell its format, and stands for it in its run ID. */
export const IMPORT_BEGINNING_BYTES = 64 * 1024;
/** No log of a broker is from before 2000 or after 2199 (epoch ms): a clock or a file is broken. */
export const LOG_TIME_MIN = Date.UTC(2000, 0, 1);
export const LOG_TIME_MAX = Date.UTC(2200, 0, 1);
/** A log that leaps further from one line to the next has to go on there to be believed… */
export const LOG_LEAP_MS_MAX = 366 * 86_400_000;
/** …for so many lines, which are held back until then. */
export const LOG_LEAP_LINES = 100;
/** Unreadable lines are counted; this many are shown. */
export const UNREADABLE_EXAMPLES_MAX = 5;

/** The history writer hands over a batch of this size at once, or what there is after the delay. */
export const HISTORY_BATCH_BYTES = 64 * 1024;
export const HISTORY_FLUSH_MS = 200;
/** More than this waiting for a slow disk is written in the foreground: memory stays bounded. */
export const HISTORY_BACKLOG_BYTES_MAX = 8 * 1024 * 1024;

/** A history smaller than this is read line by line: setting out for DuckDB costs more. */
export const BULK_FILE_BYTES_MIN = 1024 * 1024;

/** Memory of the columnar store before it spills to a temporary folder. */
export const STORE_MEMORY_MB = 1_024;
/** Events whose connections are put together at once: about 300 MB. */
export const EVENTS_PAIRED_AT_ONCE = 1_000_000;
/** Memory for a conversion, which holds whole events; at most half of the machine's. */
export const CONVERT_MEMORY_MB = 4_096;

/** So many devices live in the process of the run itself without disturbing it. */
export const DEVICES_BESIDE_MAX = 1_000;

/** Two sessions that overlap by no more are a hand-over seen late: below {@link PRESENCE_MARGIN_MS}. */
export const OVERLAP_TOLERANCE_MS = 100;
/** A close this near to a rival's CONNACK is its effect when no broker says why (either side). */
export const TAKEOVER_TOLERANCE_MS = 1_000;
/** Broker and device stamp one connect at most this far apart; a port is not reused sooner. */
export const JOIN_TOLERANCE_MS = 5_000;
/** A device may see its eviction this much before the taker's CONNACK; reconnecting takes longer. */
export const EVICTION_JITTER_MS = 20;
/** A finding lists this many related resources and evidence numbers; the totals stand beside them. */
export const RELATED_RESOURCES_MAX = 10_000;
export const EVIDENCE_MAX = 200;

/** A scripted client keeps this many messages… */
export const WIRE_MESSAGES_MAX = 10_000;
/** …and reads this many bytes without a whole packet: its broker may be anyone's. */
export const WIRE_PACKET_BYTES_MAX = 1024 * 1024;

/** What waits on one device's connection because its broker doesn't read; above it nothing is sent. */
export const DEVICE_UNSENT_BYTES_MAX = 1024 * 1024;
/** The longest packet that a device takes: a firmware fits, a broker gone mad doesn't. */
export const DEVICE_PACKET_BYTES_MAX = 16 * 1024 * 1024;

/** A baseline of ten thousand cells stays far below. */
export const BASELINE_BYTES_MAX = 64 * 1024 * 1024;

/** A report lists each finding with its evidence; ten thousand findings stay below. */
export const REPORT_BYTES_MAX = 256 * 1024 * 1024;

/** Both sides' sessions are joined in memory: a million events take 0.8 GB while it is done. */
export const JOIN_EVENTS_MAX = 2_000_000;
/** Of what each side said of a connection, so much is kept for showing both sides' lines. */
export const JOIN_RAW_LENGTH_MAX = 500;
/** A disagreement of both sides is counted; this many are shown with their lines. */
export const JOIN_EXAMPLES_MAX = 3;
/** Differences of stamps that one key may give to estimate the clocks, and all keys together. */
export const CLOCK_VOTES_OF_KEY_MAX = 4_096;
export const CLOCK_VOTES_MAX = 1_000_000;
/** Lines of one client ID that are printed side by side. */
export const TIMELINE_LINES_MAX = 2_000;

/** Most connections that a limit of a broker may be set to. */
export const CONNECTIONS_MAX = 10_000_000;
/** Most connects within its window that a ban may let through. */
export const BAN_CONNECTS_MAX = 1_000_000;

/** Deliveries that the message ledger holds open, and messages that it remembers: about 100 MB. */
export const LEDGER_OPEN_MAX = 100_000;
export const LEDGER_ENTRIES_MAX = 200_000;
/** Longer messages are told apart by their digest. */
export const LEDGER_KEY_LENGTH_MAX = 256;
