/**
 * A subject that runs a private server. `start` and `connect` are for several processes on one server; `open` starts one
 * for this process alone, which ends with the handle.
 *
 * @param start takes a folder, answers the server's `url` and what stops it
 * @param connect takes that url and a bench's options, answers a handle
 */
export const onOwnServer = (start, connect) => ({
  start,
  connect,
  async open(options) {
    const { url, stop } = await start(options.folder);
    const handle = await connect(url, options);
    return {
      ...handle,
      close: async () => {
        await handle.close();
        await stop();
      },
    };
  },
});
