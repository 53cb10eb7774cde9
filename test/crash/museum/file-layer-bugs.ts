import type { FileSystem, OpenFile } from "../../../src/core/file-system.js";
import type { Wrap } from "../crash-states.js";

/** A file system with some calls replaced. */
function altered(fs: FileSystem, calls: Partial<FileSystem>): FileSystem {
  const bound = {
    open: fs.open.bind(fs),
    readFile: fs.readFile.bind(fs),
    size: fs.size.bind(fs),
    rename: fs.rename.bind(fs),
    link: fs.link.bind(fs),
    unlink: fs.unlink.bind(fs),
    readdir: fs.readdir.bind(fs),
    kind: fs.kind.bind(fs),
    syncDir: fs.syncDir.bind(fs),
    makeDir: fs.makeDir.bind(fs),
    removeDir: fs.removeDir.bind(fs),
    replaceFile: fs.replaceFile.bind(fs),
  };
  return { ...bound, ...calls };
}

/** A file system whose open files have some calls replaced, told whether their writes are to be durable. */
function alteredFiles(
  fs: FileSystem,
  change: (file: OpenFile, writes: "durable" | undefined) => Partial<OpenFile>,
  open: FileSystem["open"] = fs.open.bind(fs),
): FileSystem {
  return altered(fs, {
    open: async (path, access, writes) => {
      const file = await open(path, access, writes);
      return { ...file, ...change(file, writes) };
    },
  });
}

/** The same where no write is durable by itself, so that the bug can be in how it is made so. */
function alteredSyncs(
  fs: FileSystem,
  change: (file: OpenFile, writes: "durable" | undefined) => Partial<OpenFile>,
): FileSystem {
  return alteredFiles(fs, change, (path, access) => fs.open(path, access));
}

const nothing = async () => undefined;

/** What a careless file layer does, each as something between the store and the disk. */
export const FILE_LAYER_BUGS = {
  "never syncs a file": (fs) => alteredSyncs(fs, () => ({ sync: nothing, datasync: nothing })),

  "never syncs a folder": (fs) => altered(fs, { syncDir: nothing }),

  "acknowledges before the sync": (fs) => {
    let late: (() => Promise<void>) | undefined;
    return alteredSyncs(fs, (file, writes) => ({
      write: async (bytes, position) => {
        await late?.().catch(() => undefined);
        const count = await file.write(bytes, position);
        if (writes === "durable") late = () => file.datasync();
        return count;
      },
    }));
  },

  "takes a short write for a whole one": (fs) =>
    alteredFiles(fs, (file) => ({
      write: async (bytes, position) => {
        await file.write(bytes, position);
        return bytes.byteLength;
      },
    })),

  "syncs again after a failed sync": (fs) =>
    alteredSyncs(fs, (file, writes) => ({
      write: async (bytes, position) => {
        const count = await file.write(bytes, position);
        if (writes === "durable") await file.datasync().catch(() => file.datasync());
        return count;
      },
      sync: () => file.sync().catch(() => file.sync()),
      datasync: () => file.datasync().catch(() => file.datasync()),
    })),

  "believes that a replaced file is whole": (fs) => {
    const written = new Map<string, Uint8Array>();
    return altered(fs, {
      replaceFile: async (path, bytes) => {
        await fs.replaceFile(path, bytes);
        written.set(path, bytes);
      },
      readFile: async (path) => written.get(path) ?? fs.readFile(path),
    });
  },

  "replaces the snapshot in place": (fs) =>
    altered(fs, {
      rename: async (from, to) => {
        const bytes = await fs.readFile(from);
        await fs.unlink(to).catch(() => undefined);
        const file = await fs.open(to, "create");
        await file.write(bytes, 0);
        await file.sync();
        await file.close();
        await fs.unlink(from);
      },
    }),

  "does not cut off half a frame": (fs) => alteredFiles(fs, () => ({ truncate: nothing })),

  "drops a last frame whose newline is damaged": (fs) =>
    altered(fs, {
      readFile: async (path) => {
        const bytes = Buffer.from(await fs.readFile(path));
        const end = bytes.lastIndexOf(0x0a) + 1;
        return path.includes(".journal-") ? bytes.fill(0, end) : bytes;
      },
    }),

  "reads a missing snapshot as an empty store": (fs) =>
    altered(fs, {
      readFile: (path) => {
        const isSnapshot = path.endsWith(".json");
        const absent = Object.assign(new Error("ENOENT"), { code: "ENOENT" });
        return fs.readFile(path).then((bytes) => {
          const isWhole = Buffer.from(bytes).toString().endsWith('"}\n');
          return isSnapshot && !isWhole ? Promise.reject(absent) : bytes;
        });
      },
      readdir: async () => [],
    }),
} as const satisfies Record<string, Wrap>;
