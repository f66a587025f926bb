// Runs a TypeScript file of this repository from nothing: installs the dependencies when they are missing or old, then hands over to the
// project's own Node. Plain JavaScript without imports of ours, because it must run under whatever Node (from 20 up) happens to be there.
//
//   node dev/bootstrap.mjs FILE.ts [arguments]

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const modules = path.join(root, 'node_modules');
const node = path.join(modules, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
const lockDirectory = path.join(root, '.local', 'install-lock');
const LOCK_POLL_MS = 500;

const sleep = async (milliseconds) => await new Promise((resolve) => setTimeout(resolve, milliseconds));
const say = (text) => process.stderr.write(`${text}\n`);

const packagesIn = (lockFile) => JSON.parse(readFileSync(lockFile, 'utf8')).packages;

/** npm notes what it has installed, as its last act: so this also tells a finished installation from one that was interrupted. */
const isInstalled = () => {
  const note = path.join(modules, '.package-lock.json');
  if (!existsSync(note)) return false;
  const installed = packagesIn(note);
  return Object.entries(packagesIn(path.join(root, 'package-lock.json'))).every(([name, wanted]) => {
    if (name === '') return true; // this project itself
    const found = installed[name];
    // Optional packages of other systems are not there.
    return found === undefined ? wanted.optional === true : found.version === wanted.version && found.integrity === wanted.integrity;
  });
};

/** npm itself when it started us (it may be off the PATH), else the one on the PATH. */
const npm = () => {
  const started = process.env.npm_execpath;
  return started?.endsWith('.js') ? [process.execPath, started] : [process.platform === 'win32' ? 'npm.cmd' : 'npm'];
};

const run = async (command, args, options) =>
  await new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.once('error', (cause) => reject(new Error(`${command} cannot be started`, { cause })));
    child.once('close', (code) => resolve({ code, output }));
  });

const install = async () => {
  const begin = Date.now();
  const elapsed = () => `${Math.round((Date.now() - begin) / 1000)} s`;
  say('Installing dependencies (npm ci) ...');
  const timer = setInterval(() => say(`Installing dependencies: ${elapsed()}`), 15_000);
  try {
    const [command, ...args] = npm();
    const { code, output } = await run(command, [...args, 'ci', '--no-audit', '--no-fund'], { cwd: root });
    if (code !== 0) throw new Error(`npm ci ended with code ${code}:\n${output}`);
    say(`Installing dependencies: done in ${elapsed()}`);
  } finally {
    clearInterval(timer);
  }
};

/** npm may be told not to run install scripts; this one brings the Node that everything here runs on. */
const installNode = async () => {
  const directory = path.join(modules, 'node');
  say('Fetching Node 24 (the install script of the package "node") ...');
  const { code, output } = await run(process.execPath, ['installArchSpecificPackage.js'], { cwd: directory });
  if (code !== 0 || !works(node)) throw new Error(`${node} is missing. Run: npm ci --allow-scripts=node\n${output}`);
};

const works = (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;

/** Two commands started together on a new checkout must not install into each other's feet. */
const withLock = async (work) => {
  const owner = path.join(lockDirectory, 'pid');
  mkdirSync(path.dirname(lockDirectory), { recursive: true });
  for (let told = false; ; told = true) {
    try {
      mkdirSync(lockDirectory);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!told) say('Waiting for another command, which is installing the dependencies');
    if (!isAlive(owner)) rmSync(lockDirectory, { recursive: true, force: true });
    else await sleep(LOCK_POLL_MS);
  }
  try {
    writeFileSync(owner, String(process.pid));
    await work();
  } finally {
    rmSync(lockDirectory, { recursive: true, force: true });
  }
};

/** Whether the holder of the lock lives; a lock that names nobody yet is alive for a few seconds. */
const isAlive = (owner) => {
  try {
    if (!existsSync(owner)) return Date.now() - statSync(lockDirectory).mtimeMs < 5000;
    process.kill(Number(readFileSync(owner, 'utf8')), 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};

const setUp = async () => {
  if (isInstalled() && existsSync(node)) return;
  await withLock(async () => {
    if (!isInstalled()) await install();
    if (!existsSync(node) || !works(node)) await installNode();
  });
};

/** Runs the file and ends as it ends. */
const handOver = (file, args) => {
  // Our Node by its own directory: without install scripts npm does not link it into .bin.
  const PATH = [path.dirname(node), path.join(modules, '.bin'), process.env.PATH ?? ''].join(path.delimiter);
  const env = { ...process.env, PATH };
  const child = spawn(node, [path.join(root, file), ...args], { stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the whole group: the child has it already, and a second one means "at once".
      if (signal === 'SIGINT' && process.stdin.isTTY) return;
      child.kill(signal);
    });
  }
  child.once('error', (error) => {
    say(String(error));
    process.exitCode = 1;
  });
  child.once('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
};

const [file, ...args] = process.argv.slice(2);
if (file === undefined) {
  say('usage: node dev/bootstrap.mjs FILE.ts [arguments]');
  process.exit(2);
}
try {
  await setUp();
  handOver(file, args);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
