/** Lets the event loop take a turn (messages, a cancel): a macrotask, without the 4 ms clamp of nested timeouts. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => {
    const {port1, port2} = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
