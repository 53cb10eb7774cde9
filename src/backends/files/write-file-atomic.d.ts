/** The part of write-file-atomic 7 that we call; the package ships no types. */
declare module "write-file-atomic" {
  function writeFileAtomic(path: string, data: Uint8Array, options: { mode: number }): Promise<void>;
  export default writeFileAtomic;
}
