/**
 * Which commands there are, what they are called with, and in which file each one lives.
 *
 * A command's file is loaded when it is called: the table itself must stay cheap.
 * Must not know: what a command does, how the process ends.
 */
import { Command } from 'commander';
import { commaList, duration, repeated, runState, wholeNumber } from './arguments.ts';
import type { CompileOptions } from './commands/ci-compile.ts';
import type { CiEvalOptions } from './commands/ci-eval.ts';
import type { GraphOptions } from './commands/ci-graph.ts';
import type { CiRunOptions } from './commands/ci-run.ts';
import type { ValidateOptions } from './commands/ci-validate.ts';
import type { ViewOptions } from './commands/ci-view.ts';
import type { CleanupOptions } from './commands/cleanup.ts';
import type { CronOptions } from './commands/cron.ts';
import type { DemoOptions } from './commands/demo.ts';
import type { DrainOptions } from './commands/drain.ts';
import type { InstallOptions } from './commands/install.ts';
import type { ListOptions } from './commands/list.ts';
import type { LogsOptions } from './commands/logs.ts';
import type { SiteOptions } from './commands/site.ts';
import type { RerunOptions, RunOptions } from './commands/submit.ts';
import type { UninstallOptions } from './commands/uninstall.ts';
import type { WatchOptions } from './commands/watch.ts';
import type { Context, GlobalOptions } from './context.ts';
import type { ExitCode } from './exit.ts';

type Json = { readonly json?: boolean };

export type ProgramOptions = {
  readonly version: string;
  /** Makes the context and runs the command in it. */
  readonly start: (globals: GlobalOptions, command: (context: Context) => Promise<ExitCode>) => Promise<void>;
};

/** The whole command line, ready to parse. */
export function program({ version, start }: ProgramOptions): Command {
  const quire = new Command('quire');
  const run = (command: (context: Context) => Promise<ExitCode>): Promise<void> =>
    start(quire.opts(), command);

  quire
    .description('CI for your own git server: a hook, plain YAML records and a static site.')
    .version(version, '-V, --version', 'print the version')
    .option('--repo <dir>', 'the bare repository (default: the one this directory is in)')
    .option('--no-color', 'no colours; NO_COLOR and FORCE_COLOR are heard as well')
    .helpOption('-h, --help', 'say how a command is called')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'quire: ')) })
    .showHelpAfterError('       See: quire --help');

  quire.commandsGroup('Set up:');
  quire
    .command('demo')
    .option('--keep <dir>', 'where to make it (default: a new temporary directory)')
    .description('the whole way once, with a real push')
    .action((options: DemoOptions) =>
      run(async (context) => (await import('./commands/demo.ts')).demo(context, options)),
    );
  quire
    .command('init')
    .argument('[dir]', 'a work tree (default: the current directory)')
    .description('write a commented .quire/ci.fnl that fits what is there')
    .action((dir: string | undefined) =>
      run(async (context) => (await import('./commands/init.ts')).init(context, dir ?? null)),
    );
  quire
    .command('install')
    .argument('<repo>', 'a bare repository')
    .option('--site-url <url>', 'where the site will be served from')
    .option('--executor <name>', 'where commands run: host or docker')
    .description('make pushes to a repository start runs')
    .action((repo: string, options: InstallOptions) =>
      run(async (context) => (await import('./commands/install.ts')).install(context, repo, options)),
    );
  quire
    .command('uninstall')
    .argument('<repo>', 'a bare repository')
    .option('--purge', 'remove the records, logs and site as well')
    .description('put the hook back that was there before')
    .action((repo: string, options: UninstallOptions) =>
      run(async (context) => (await import('./commands/uninstall.ts')).uninstall(context, repo, options)),
    );
  quire
    .command('cron')
    .option('--print', 'print the lines (the default)')
    .option('--install', 'add them to your crontab, or bring them up to date')
    .option('--remove', 'take them out of your crontab')
    .description('the crontab lines for drain and cleanup')
    .action((options: CronOptions) =>
      run(async (context) => (await import('./commands/cron.ts')).cron(context, options)),
    );
  quire
    .command('doctor')
    .option('--json', 'print JSON')
    .description('check what runs depend on, and say how to mend it')
    .action((options: Json) =>
      run(async (context) => (await import('./commands/doctor.ts')).doctor(context, options)),
    );

  quire.commandsGroup('Look:');
  quire
    .command('list')
    .option('-n <count>', 'how many', wholeNumber, 20)
    .option('--state <state>', 'only runs in this state', runState)
    .option('--ref <ref>', 'only runs of this branch or ref')
    .option('--json', 'print JSON')
    .description('the runs, newest first')
    .action((options: ListOptions) =>
      run(async (context) => (await import('./commands/list.ts')).list(context, options)),
    );
  quire
    .command('show')
    .argument('<run>', "a number, an id, the beginning of one, or 'latest'")
    .option('--json', 'print JSON')
    .description('one run: its jobs, its times, what went wrong')
    .action((word: string, options: Json) =>
      run(async (context) => (await import('./commands/show.ts')).show(context, word, options)),
    );
  quire
    .command('logs')
    .argument('<run>', "a number, an id, the beginning of one, or 'latest'")
    .argument('[job]', 'one job (default: all, and what belongs to none)')
    .option('-f, --follow', 'go on until the run has ended')
    .option('--raw', 'the bytes as they were logged, control sequences included')
    .description('what the jobs printed')
    .action((word: string, job: string | undefined, options: LogsOptions) =>
      run(async (context) => (await import('./commands/logs.ts')).logs(context, word, job ?? null, options)),
    );
  quire
    .command('status')
    .option('--json', 'print JSON')
    .description('what runs, what waits, how each branch stands')
    .action((options: Json) =>
      run(async (context) => (await import('./commands/status.ts')).status(context, options)),
    );

  quire.commandsGroup('Steer:');
  quire
    .command('run')
    .argument('<rev>', 'a branch, a tag or a commit')
    .option('--variable <k=v>', 'a variable of the run; may be given again', repeated)
    .option('--json', 'print JSON')
    .description('make a run by hand')
    .action((word: string, options: RunOptions) =>
      run(async (context) => (await import('./commands/submit.ts')).run(context, word, options)),
    );
  quire
    .command('rerun')
    .argument('<run>', "a number, an id, the beginning of one, or 'latest'")
    .option('--failed', 'only the failed jobs, what they need and what needs them')
    .option('--json', 'print JSON')
    .description('run the same commit again, as a new run')
    .action((word: string, options: RerunOptions) =>
      run(async (context) => (await import('./commands/submit.ts')).rerun(context, word, options)),
    );
  quire
    .command('cancel')
    .argument('<run>', "a number, an id, the beginning of one, or 'latest'")
    .description('stop a run')
    .action((word: string) =>
      run(async (context) => (await import('./commands/cancel.ts')).cancel(context, word)),
    );
  quire
    .command('drain')
    .option('--no-wait', 'start a runner and return at once')
    .description('work the inbox and the queue until both are empty')
    .action((options: DrainOptions) =>
      run(async (context) => (await import('./commands/drain.ts')).drain(context, options)),
    );
  quire
    .command('pause')
    .description('start no more runs; what runs goes on')
    .action(() => run(async (context) => (await import('./commands/pause.ts')).pauseQueue(context)));
  quire
    .command('resume')
    .description('release the queue')
    .action(() => run(async (context) => (await import('./commands/pause.ts')).resumeQueue(context)));

  quire.commandsGroup('Keep:');
  quire
    .command('site')
    .option('--full', 'make every page again from the records')
    .description('bring the site up to date')
    .action((options: SiteOptions) =>
      run(async (context) => (await import('./commands/site.ts')).site(context, options)),
    );
  quire
    .command('cleanup')
    .option('--keep <count>', 'how many finished runs stay', wholeNumber)
    .option('--older-than <age>', 'finished runs older than this go, such as 30d', duration)
    .option('--keep-failed <count>', 'how many failed runs stay beside them', wholeNumber)
    .option('--dry-run', 'only list what would go')
    .option('--json', 'print JSON')
    .description('remove old runs and what dead ones left behind')
    .action((options: CleanupOptions) =>
      run(async (context) => (await import('./commands/cleanup.ts')).cleanup(context, options)),
    );

  quire.commandsGroup('Learn:');
  quire
    .command('help')
    .argument('[topic]', 'a topic or a command')
    .description('reference pages, readable here')
    .action((topic: string | undefined) =>
      run(async (context) => (await import('./commands/help.ts')).help(context, topic ?? null, quire)),
    );
  quire
    .command('completion')
    .argument('<shell>', 'bash, zsh or fish')
    .description('a completion script for your shell')
    .action((shell: string) =>
      run(async (context) => (await import('./commands/completion.ts')).completion(context, shell, quire)),
    );

  quire.commandsGroup('Work on a pipeline:');
  quire
    .command('watch')
    .option('--job <id>', 'only this job and what it needs; may be given again', repeated)
    .option('--debounce <ms>', 'how long files must be quiet before a run starts', wholeNumber, 100)
    .option('--clear', 'clear the terminal before each run')
    .option('--executor <name>', 'where commands run: host or docker')
    .option('--variable <k=v>', 'a variable of the run; may be given again', repeated)
    .description('run the pipeline here, and again on every save')
    .action((options: WatchOptions) =>
      run(async (context) => (await import('./commands/watch.ts')).watch(context, options)),
    );
  const ci = quire.command('ci').description('try a pipeline where you write it').helpCommand(false);
  ci.command('run')
    .option('-s, --sha <rev>', 'a commit, in a fresh workspace (default: the work tree, in place)')
    .option('--job <id>', 'only this job and what it needs; may be given again', repeated)
    .option('--executor <name>', 'where commands run: host or docker')
    .option('--jobs <count>', 'jobs at a time; 0 is no limit', wholeNumber)
    .option('--fail-fast', 'end the run with the first job that fails')
    .option('--variable <k=v>', 'a variable of the run; may be given again', repeated)
    .option('--events <where>', 'events as lines of JSON: null, stdout or a file', 'null')
    .option('--out-dir <dir>', "where the files of the run's directory go")
    .description('run the pipeline here, as the server would')
    .action((options: CiRunOptions) =>
      run(async (context) => (await import('./commands/ci-run.ts')).ciRun(context, options)),
    );
  ci.command('eval')
    .requiredOption('--job <id>', 'the job')
    .option('--workspace <dir>', 'where its commands run (default: the work tree)')
    .option('--ci-file <file>', "the pipeline's file (default: the one in .quire/)")
    .option('--inputs <file>', 'what (jobs …) answers, as JSON: {"JOB": OUTPUTS, …}')
    .option('--executor <name>', 'where commands run: host or docker')
    .option('--variable <k=v>', 'a variable of the run; may be given again', repeated)
    .description("one job's run function alone: its streams, its result as the exit code")
    .action((options: CiEvalOptions) =>
      run(async (context) => (await import('./commands/ci-eval.ts')).ciEval(context, options)),
    );
  ci.command('validate')
    .option('--sha <rev>', 'the pipeline of a commit (default: of the work tree)')
    .option('--json', 'print JSON')
    .description('evaluate only: the jobs in order, or all that is wrong')
    .action((options: ValidateOptions) =>
      run(async (context) => (await import('./commands/ci-validate.ts')).validate(context, options)),
    );
  ci.command('graph')
    .option('--sha <rev>', 'the pipeline of a commit (default: of the work tree)')
    .option('--format <format>', 'text, dot, mermaid or svg', 'text')
    .description('the job graph')
    .action((options: GraphOptions) =>
      run(async (context) => (await import('./commands/ci-graph.ts')).graph(context, options)),
    );
  ci.command('config')
    .argument('<file>', 'a Fennel config file')
    .description('evaluate a config file and print it as JSON, secrets hidden')
    .action((file: string) =>
      run(async (context) => (await import('./commands/ci-config.ts')).config(context, file)),
    );
  ci.command('compile')
    .argument('<file>', 'a Fennel file')
    .option('--map', 'print which line each Lua line comes from')
    .description('the Lua a Fennel file becomes')
    .action((file: string, options: CompileOptions) =>
      run(async (context) => (await import('./commands/ci-compile.ts')).compileFile(context, file, options)),
    );
  ci.command('view')
    .argument('<file...>', 'Fennel or Lua files')
    .option('--json', 'one line of JSON a file')
    .option('--globals <names>', 'the globals to allow, separated by commas', commaList)
    .description('evaluate files and print every value they return')
    .action((files: readonly string[], options: ViewOptions) =>
      run(async (context) => (await import('./commands/ci-view.ts')).view(context, files, options)),
    );
  return quire;
}
