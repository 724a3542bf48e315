// Models and datasets that are named by a hub id: fetched into the cache that Python's tools share, with a bar.
import {
  downloadFiles,
  downloadModel,
  type DownloadOptions,
  type DownloadProgress,
} from "../../files/hub/download.ts";
import type { Lookup } from "../../files/hub/environment.ts";
import { statusLine } from "../terminal/progress.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** Where the bar is drawn, and what ends a download. */
export interface FetchOptions {
  /** Where the bar is drawn. */
  readonly terminal: Terminal;
  /** Ends it. */
  readonly signal?: AbortSignal;
  /** Looks variables up; default this process's environment. */
  readonly lookup?: Lookup;
}

/** Data files of a dataset's repository, and what declares its configs. */
const DATA_FILES = [
  "README.md",
  ...["jsonl", "json", "csv", "tsv", "parquet", "txt"].flatMap((ending) => [
    `**.${ending}`,
    `**.${ending}.gz`,
  ]),
];

/** For `openModel`: a hub id to the folder or GGUF file of the cache. */
export function modelDownloader(options: FetchOptions): (spec: string) => Promise<string> {
  return async (spec) => {
    const { path } = await fetching(options, (progress) => downloadModel(spec, progress));
    return path;
  };
}

/** For `openDataset`: a hub id and revision to a folder of data files. */
export function datasetDownloader(
  options: FetchOptions,
): (id: string, revision: string | undefined) => Promise<string> {
  return async (id, revision) => {
    const spec = revision === undefined ? id : `${id}@${revision}`;
    const { folder } = await fetching(
      options,
      (progress) => downloadFiles(spec, DATA_FILES, { ...progress, repoType: "dataset" }),
    );
    return folder;
  };
}

async function fetching<T>(
  { terminal, signal, lookup }: FetchOptions,
  fetch: (options: DownloadOptions) => Promise<T>,
): Promise<T> {
  try {
    return await fetch({
      ...{ signal, ...(lookup === undefined ? {} : { lookup }) },
      onProgress: (progress) => terminal.status(downloadLine(progress, terminal.columns)),
    });
  } finally {
    terminal.status("");
  }
}

/** How far a download is, as a status line. */
export function downloadLine(
  { file, totalReceived, totalSize }: DownloadProgress,
  columns = 100,
): string {
  const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
  const share = totalSize === 0 ? 1 : totalReceived / totalSize;
  return statusLine(share, [`${mib(totalReceived)} of ${mib(totalSize)} MiB`, file], columns);
}
