/**
 * Transcript files: protocol runs that read like a play and are tests at the same time.
 *
 * A file is a list of scenes. A scene is one or more lines of commands, `----`, and the lines that they caused, up to
 * an empty line. Lines with # are for the reader. The table of commands below is the whole language.
 */
import { asNodeId, DEFAULT_LIMITS, type NodeId, type ProtocolLimits } from '#src/protocol/types.ts';
import { TraceCluster } from './cluster.ts';

const SEPARATOR = '----';

/** Runs the file's commands and returns the file as it ought to be. */
export function replay(text: string): string {
  const player = new Player();
  const scenes = text
    .split(/\n\s*\n/)
    .map((scene) => scene.trimEnd())
    .filter((scene) => scene !== '');
  return `${scenes.map((scene) => playScene(player, scene)).join('\n\n')}\n`;
}

function playScene(player: Player, scene: string): string {
  const lines = scene.split('\n');
  const end = lines.indexOf(SEPARATOR);
  const commands = end < 0 ? lines : lines.slice(0, end);
  if (commands.every((line) => line.startsWith('#'))) return scene;
  for (const line of commands) {
    if (!line.startsWith('#')) for (const command of line.split(';')) player.perform(command.trim());
  }
  return [...commands, SEPARATOR, ...player.takeLines()].join('\n');
}

class Player {
  #cluster: TraceCluster | undefined;
  #count = 0;

  takeLines(): string[] {
    return this.#cluster?.takeLines() ?? [];
  }

  perform(command: string): void {
    const [verb = '', ...words] = splitWords(command);
    if (verb === 'cluster') {
      this.#begin(words);
      return;
    }
    const cluster = this.#cluster;
    if (cluster === undefined) throw new Error(`before "${command}" there must be a cluster`);
    const first = words[0] ?? '';
    switch (verb) {
      case 'run': // Everything that can happen without time passing.
        return cluster.run();
      case 'tick': // tick MS: time passes.
        return cluster.tick(Number(first));
      case 'campaign': // campaign N
      case 'resign': // resign N
        return cluster.step(nodeOf(first), { kind: verb });
      case 'propose': // propose N "text"
        return cluster.propose(nodeOf(first), words[1] ?? '');
      case 'read': // read N
        return cluster.read(nodeOf(first));
      case 'down': // down N PEER: N hears that its link to PEER is gone.
        return cluster.step(nodeOf(first), { kind: 'peer-down', peer: nodeOf(words[1] ?? '') });
      case 'up': // up N PEER
        return cluster.step(nodeOf(first), { kind: 'peer-up', peer: nodeOf(words[1] ?? '') });
      case 'cut': // cut N | cut A>B A>B:KIND ...: what is sent over these links is lost.
        return cluster.links.cut(this.#links(words));
      case 'hold': // hold N | hold A>B A>B:KIND ...: what is sent over these links waits.
        return cluster.links.hold(this.#links(words));
      case 'release': // release N | release A>B ...
        return cluster.links.release(this.#links(words));
      case 'heal': // No link is cut or held.
        return cluster.links.healAll();
      case 'duplicate': // duplicate A>B: the first held message of the link arrives, and stays held.
        return cluster.duplicate(first);
      case 'lose': // lose A>B [COUNT]: the first of what is held on the link, or all of it, is lost.
        return cluster.links.lose(first, Number(words[1] ?? Number.POSITIVE_INFINITY));
      case 'hold-disk': // hold-disk N: nothing becomes durable.
      case 'release-disk': // release-disk N
        return cluster.holdDisk(nodeOf(first), verb === 'hold-disk');
      case 'crash': // crash N [keep=K]: of the unflushed writes the first K survive.
        return cluster.crash(nodeOf(first), Number(optionsOf(words)['keep'] ?? 0));
      case 'restart': // restart N
        return cluster.restart(nodeOf(first));
      case 'show': // show KIND ...: messages of this kind are written down.
      case 'hide': // hide KIND ...
        return cluster.show(words, verb === 'show');
      case 'status':
        return cluster.describe();
      default:
        throw new Error(`unknown command "${command}"`);
    }
  }

  /** cluster COUNT [seed=1] [backend=durable] [windowSlots=... and any other limit by its name] */
  #begin(words: readonly string[]): void {
    const { seed, backend, ...limits } = optionsOf(words);
    this.#count = Number(words[0]);
    const numbers = Object.fromEntries(Object.entries(limits).map(([name, value]) => [name, Number(value)]));
    const unknown = Object.keys(numbers).find((name) => !(name in DEFAULT_LIMITS));
    if (unknown !== undefined) throw new Error(`there is no limit ${unknown}`);
    this.#cluster = new TraceCluster(
      this.#count,
      Number(seed ?? 1),
      { ...DEFAULT_LIMITS, ...(numbers as Partial<ProtocolLimits>) },
      backend === 'durable',
    );
  }

  /** `2` is every link of node 2, in both directions. */
  #links(words: readonly string[]): string[] {
    return words.flatMap((word) => {
      if (word.includes('>')) return [word];
      const others = Array.from({ length: this.#count }, (_, index) => index + 1).filter(
        (id) => id !== Number(word),
      );
      return others.flatMap((other) => [`${word}>${other}`, `${other}>${word}`]);
    });
  }
}

function nodeOf(word: string): NodeId {
  const id = Number(word);
  if (!Number.isSafeInteger(id) || id < 1) throw new Error(`"${word}" is no node`);
  return asNodeId(id);
}

function optionsOf(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words.filter((word) => word.includes('=')).map((word) => word.split('=') as [string, string]),
  );
}

/** Words between spaces; a quoted text is one word. */
function splitWords(command: string): string[] {
  return (command.match(/"[^"]*"|\S+/g) ?? []).map((word) =>
    word.startsWith('"') ? word.slice(1, -1) : word,
  );
}
