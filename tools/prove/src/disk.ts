import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { run } from '@orders/dev/stack/run';
import { until } from '@orders/dev/stack/until';

/** No blocks reserved for root, which runs servers here. No lazy initialisation: the kernel would still write later. */
const MKFS = ['-q', '-F', '-m', '0', '-i', '65536', '-E', 'lazy_itable_init=0,lazy_journal_init=0'];
/** A sparse file: it takes only the room that is used. */
const SIZE = '2G';
const BLOCK = 4_096;

/**
 * A disk for one server: ext4 in a loop file. It can be filled, and its power can be cut: what the file system has not
 * written to the file by then is lost, like the page cache of a machine. It tears no sectors and reorders no writes.
 */
export class Disk {
  readonly #folder: string;
  readonly #image: string;

  private constructor(folder: string, image: string) {
    this.#folder = folder;
    this.#image = image;
  }

  /** Why this machine can have no such disk; undefined when it can. */
  static async unavailable(): Promise<string | undefined> {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux';
    const folder = mkdtempSync(join(tmpdir(), 'orders-disk-'));
    try {
      const disk = await Disk.under(join(folder, 'mounted'), join(folder, 'image'));
      await disk.cutPower(async () => undefined);
      await disk.unmount();
      return undefined;
    } catch (error) {
      return `needs loop devices and ext4: ${error instanceof Error ? error.message : String(error)}`;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Unmounts what a killed run has left mounted below these folders; disks in use stay. */
  static async unmountLeftovers(below: readonly string[]): Promise<void> {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return;
    const mounts = readFileSync('/proc/mounts', 'utf8').matchAll(/^\/dev\/loop\d+ (\S+) ext4 /gm);
    for (const [, folder = ''] of mounts)
      if (below.some((parent) => folder.startsWith(`${parent}/`)))
        await run('umount', [folder]).catch(() => undefined);
  }

  /** Moves a folder with its content onto a new disk, mounted in its place. No process may use it meanwhile. */
  static async under(folder: string, image: string): Promise<Disk> {
    const disk = new Disk(folder, image);
    const beneath = `${folder}.beneath`;
    mkdirSync(folder, { recursive: true });
    mkdirSync(dirname(image), { recursive: true });
    await run('truncate', [`--size=${SIZE}`, image]);
    await run('mkfs.ext4', [...MKFS, image]);
    renameSync(folder, beneath);
    mkdirSync(folder);
    await disk.#mount();
    await run('cp', ['--archive', '--no-target-directory', beneath, folder]);
    await run('sync', ['--file-system', folder]);
    rmSync(beneath, { recursive: true });
    return disk;
  }

  /**
   * Cuts the power and gives it back.
   * @param kill kills the processes that use the disk; they must be frozen when this is called
   */
  async cutPower(kill: () => Promise<void>): Promise<void> {
    const left = `${this.#image}.left`;
    await this.#copy(left);
    await kill();
    await this.unmount(); // writes the lost data to the old image, which the copy replaces
    renameSync(left, this.#image);
    await this.#mount();
  }

  /** Leaves no block free. */
  async fill(): Promise<void> {
    const free = (): number => statfsSync(this.#folder).bavail * BLOCK;
    for (let size = free(), n = 0; size >= BLOCK; n += 1) {
      const file = join(this.#folder, `filler-${n}`);
      const fits = await run('fallocate', ['--length', String(size), file]).then(
        () => true,
        () => false,
      );
      if (!fits) rmSync(file, { force: true });
      size = Math.min(free(), fits ? Infinity : Math.floor(size / 2));
    }
  }

  /** Undoes {@link fill} and syncs, so that a power cut does not undo it. */
  async free(): Promise<void> {
    for (let n = 0; n < 100; n += 1) rmSync(join(this.#folder, `filler-${n}`), { force: true });
    await run('sync', ['--file-system', this.#folder]);
  }

  /** Unmounts the disk, which no process may use any more. Its image stays. */
  async unmount(): Promise<void> {
    const attempt = (): Promise<boolean> =>
      run('umount', [this.#folder]).then(
        () => true,
        () => false,
      );
    await until(attempt, { timeoutMs: 10_000, what: `unmounting ${this.#folder}` });
  }

  async #mount(): Promise<void> {
    await run('mount', ['-o', 'loop', this.#image, this.#folder]);
  }

  /** Copies the image as of one instant: copies again when the kernel has written meanwhile. */
  async #copy(to: string): Promise<void> {
    const device = basename((await run('findmnt', ['-no', 'SOURCE', this.#folder])).trim());
    const writes = (): string | undefined =>
      readFileSync(`/sys/block/${device}/stat`, 'utf8').trim().split(/\s+/)[4];
    const attempt = async (): Promise<boolean> => {
      const before = writes();
      await run('cp', ['--sparse=always', this.#image, to]);
      return writes() === before;
    };
    await until(attempt, { timeoutMs: 20_000, what: `a consistent copy of ${this.#image}` });
  }
}
