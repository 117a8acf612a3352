/**
 * The grammar of `quorate`: commands, arguments, options and their environment variables, help.
 *
 * Owns: nothing but the grammar. What a command does lies in `commands/`, which is loaded when the command runs, so
 * that `quorate get` does not pay for the server. Every option also comes from the environment, as QUORATE_<NAME>.
 */
import { Command, Option } from 'commander';
import type { ConformOptions } from './commands/conform.ts';
import type { ReadOptions } from './commands/data.ts';
import type { InspectOptions } from './commands/inspect.ts';
import type { PostgresInitOptions } from './commands/postgres.ts';
import type { StartOptions } from './commands/start.ts';
import type { UpOptions } from './commands/up.ts';
import { type CommandContext, type CommonOptions, DEFAULT_ENDPOINT, OUTPUT_FORMATS } from './context.ts';
import { registerPerf } from './perf/command.ts';
import { addSettingOptions, type SettingFlags, setting } from './setting-options.ts';

const NODE_GROUP = 'Nodes:';
const DATA_GROUP = 'Data:';
const LOOK_GROUP = 'Looking inside:';
const BACKEND_GROUP = 'Backends:';

const EXIT_CODE_HELP = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 cannot connect, 4 not found, 5 unhealthy, 124 timed out.
Every option can also be set in the environment: --write-out as QUORATE_WRITE_OUT, and so on.`;

export function buildProgram(context: CommandContext, version: string): Command {
  const program = new Command('quorate')
    .description('Keeps a data store in step on several machines.')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.print(text),
      writeErr: (text) => context.streams.stderr.write(text),
      outputError: (text, write) => write(usageError(text)),
    })
    .addOption(
      option(
        '-e, --endpoints <list>',
        `nodes to talk to, host:port with commas (default: addrs of the config file, or ${DEFAULT_ENDPOINT})`,
      ),
    )
    .addOption(option('-c, --config <file>', 'config file (default: config.yaml in this directory)'))
    .addOption(setting('dataDir'))
    .addOption(
      option(
        '--timeout <duration>',
        'longest time that a command may take, such as 500ms or 2s (default: 5s)',
      ),
    )
    .addOption(
      option('-w, --write-out <format>', 'how results are written').choices(OUTPUT_FORMATS).default('simple'),
    )
    .addHelpText('after', EXIT_CODE_HELP)
    .hook('preAction', (_, command) => context.adopt(command.optsWithGlobals<CommonOptions>()));
  addNodeCommands(program, context);
  addDataCommands(program, context);
  addLookingCommands(program, context);
  addBackendCommands(program, context);
  registerPerf(program, context);
  return program;
}

function addNodeCommands(program: Command, context: CommandContext): void {
  program.commandsGroup(NODE_GROUP);
  const start = program
    .command('start')
    .summary('run one node in the foreground')
    .description(
      'Runs one node in the foreground until it is told to stop (SIGTERM, Ctrl-C; twice: at once).',
    )
    .argument(
      '[node]',
      'its number, counted from 1 in addrs; or HOST:PORT; or _ for the first free address of this machine',
    )
    .addOption(
      option('--log-level <level>', 'least important line to log')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    );
  addSettingOptions(start).action(async (node: string | undefined, options: StartOptions) => {
    const { runStart } = await import('./commands/start.ts');
    await runStart(context, node, options);
  });

  const up = program
    .command('up')
    .summary('run all nodes of the config file here, and a REPL')
    .description(
      'Runs all nodes of the config file on this machine, and a REPL. Lines that are piped in are executed, then the nodes stop.',
    )
    .addOption(
      option('--temporary', 'throw-away data and free ports; for postgres and redis throw-away servers too'),
    )
    .addOption(
      option(
        '--nodes <count>',
        'with --temporary: how many nodes (default: as many as the config file has, or 3)',
      ),
    )
    .addOption(option('--no-repl', 'only run the nodes, until this process is told to stop'));
  addSettingOptions(up).action(async (options: UpOptions) => {
    const { runUp } = await import('./commands/up.ts');
    await runUp(context, options);
  });
}

function addDataCommands(program: Command, context: CommandContext): void {
  program.commandsGroup(DATA_GROUP);
  const command = (usage: string, summary: string): Command =>
    program
      .command(usage)
      .summary(summary)
      .description(`${capital(summary)}.`);

  readable(command('get <key>', 'print the value of a key, and nothing else')).action(
    async (key: string, options: ReadOptions) => {
      const { runGet } = await import('./commands/data.ts');
      await runGet(context, key, options);
    },
  );
  command('set <key> <value>', 'store a value; - takes it from standard input').action(
    async (key: string, value: string) => {
      const { runSet } = await import('./commands/data.ts');
      await runSet(context, key, value);
    },
  );
  command('del <key>', 'delete a key and print its old value').action(async (key: string) => {
    const { runDel } = await import('./commands/data.ts');
    await runDel(context, key);
  });
  readable(
    command(
      'exec <words...>',
      "execute a command of the backend: one word is read as the backend's text, several as its arguments",
    ),
  ).action(async (words: string[], options: ReadOptions) => {
    const { runExec } = await import('./commands/data.ts');
    await runExec(context, words, options);
  });
  command('repl [endpoints...]', 'read commands line by line, from the terminal or from a pipe').action(
    async (endpoints: string[]) => {
      const { runRepl } = await import('./commands/repl.ts');
      await runRepl(context, endpoints);
    },
  );
}

function addLookingCommands(program: Command, context: CommandContext): void {
  program.commandsGroup(LOOK_GROUP);
  program
    .command('explain <words...>')
    .summary('say what would be logged for a command, or why it is refused')
    .description(
      "Says what would be logged for a command, or why it is refused. Nothing is executed. One word is read as the backend's text, several as its arguments.",
    )
    .action(async (words: string[]) => {
      const { runExplain } = await import('./commands/explain.ts');
      await runExplain(context, words);
    });
  program
    .command('status')
    .summary('ask every node how it is')
    .description('Asks every node how it is. Exit code 5 when no quorum of them has a leader.')
    .action(async () => {
      const { runStatus } = await import('./commands/status.ts');
      await runStatus(context);
    });
  program
    .command('inspect <dir>')
    .summary('print the journal of a node that does not run')
    .description(
      'Prints the journal of a node that does not run: slots, ballots, commands. DIR is its directory, such as data/node-1.',
    )
    .addOption(option('--from <slot>', 'first slot'))
    .addOption(option('--limit <count>', 'most slots to print'))
    .action(async (directory: string, options: InspectOptions) => {
      const { runInspect } = await import('./commands/inspect.ts');
      await runInspect(context, directory, options);
    });
  const config = program
    .command('config')
    .summary('check or print the settings')
    .description('Checks or prints the settings.');
  addSettingOptions(config.command('check'))
    .description('Checks the config file and the addresses in it.')
    .action(async (options: SettingFlags) => {
      const { runConfigCheck } = await import('./commands/config.ts');
      await runConfigCheck(context, options);
    });
  addSettingOptions(config.command('print'))
    .description('Prints every setting, its value and where it came from.')
    .action(async (options: SettingFlags) => {
      const { runConfigPrint } = await import('./commands/config.ts');
      await runConfigPrint(context, options);
    });
  config
    .command('schema')
    .description('Prints the JSON Schema of the config file, for editors.')
    .action(async () => {
      const { runConfigSchema } = await import('./commands/config.ts');
      await runConfigSchema(context);
    });
}

function addBackendCommands(program: Command, context: CommandContext): void {
  program.commandsGroup(BACKEND_GROUP);
  program
    .command('conform [backend]')
    .summary('check a backend against every rule of the contract')
    .description(
      'Checks a backend against every rule of the contract: kv, postgres, redis, a package, or the path of a module that exports createBackend and conformance.',
    )
    .addOption(new Option('--options <json>', 'handed to the backend, as backendOptions would be'))
    .addOption(new Option('--temporary', 'on throw-away servers (default, unless --options are given)'))
    .addOption(new Option('--mutants', 'check the kit instead, on backends that are broken on purpose'))
    .addOption(new Option('--seed <number>', 'of the random commands (default: 1)'))
    .action(async (backend: string | undefined, options: ConformOptions) => {
      const { runConform } = await import('./commands/conform.ts');
      await runConform(context, backend, options);
    });
  program
    .command('postgres')
    .summary('prepare PostgreSQL servers')
    .description('Prepares PostgreSQL servers for backend postgres.')
    .command('init <url>')
    .summary('give a node a database that nobody else writes to')
    .description(
      "Makes a role and a database for a node on its server, lets nobody else in, and prints the URL for backendOptions. URL is a superuser's; the password of the new role comes from QUORATE_POSTGRES_PASSWORD, or is made up. May be run again.",
    )
    .addOption(option('--name <name>', 'of the database and the role that owns it').default('quorate'))
    .action(async (url: string, options: PostgresInitOptions) => {
      const { runPostgresInit } = await import('./commands/postgres.ts');
      await runPostgresInit(context, url, options);
    });
  program
    .command('redis')
    .summary('what becomes of each Redis command')
    .description('About the Redis backend.')
    .command('commands')
    .description('Prints every command of Redis 7.0: read, written, rewritten how, or refused and why.')
    .action(async () => {
      const { runRedisCommands } = await import('./commands/redis.ts');
      await runRedisCommands(context);
    });
  program
    .command('new-backend <name>')
    .summary('write a small working backend with tests')
    .description('Writes a small working backend with tests into a new directory of that name.')
    .action(async (name: string) => {
      const { runNewBackend } = await import('./commands/new-backend.ts');
      runNewBackend(context, name);
    });
}

/** Commander's words, which end with the nearest word if there is one; else with what helps to find the right one. */
function usageError(text: string): string {
  const said = `quorate: USAGE: ${text.replace(/^error: /, '')}`;
  if (said.includes('(Did you mean')) return said;
  if (/: unknown command/.test(said)) return `${said}(quorate help lists the commands)\n`;
  if (/: unknown option/.test(said)) return `${said}(a value that begins with a dash goes behind --)\n`;
  return said;
}

function readable(command: Command): Command {
  return command.addOption(
    option('--consistency <level>', 'linearizable, or stale: what the node at hand has').choices([
      'linearizable',
      'stale',
    ]),
  );
}

/** An option that also comes from the environment, where a switch can be off: QUORATE_TEMPORARY=0. */
function option(flags: string, description: string): Option {
  const made = new Option(flags, description);
  const variable = `QUORATE_${(made.long ?? '').slice(2).replaceAll('-', '_').toUpperCase()}`;
  const isOff = made.isBoolean() && /^(?:0|false|no|off)$/i.test(process.env[variable] ?? '');
  return isOff ? made : made.env(variable);
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
