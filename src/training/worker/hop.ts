/**
 * Makes a function that lets everything waiting in the message queue in and resolves after it. Unlike a timer it
 * is not slowed down in a hidden tab, and unlike a resolved promise it lets messages (a cancel) through.
 */
export function makeHop(): () => Promise<void> {
  // Node handles up to a thousand messages of one port before it looks at another; there is something better there.
  const {setImmediate} = globalThis as {setImmediate?: (callback: () => void) => void};
  if (setImmediate) return () => new Promise((resolve) => setImmediate(resolve));
  const {port1, port2} = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.onmessage = () => waiting.shift()?.();
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      port2.postMessage(null);
    });
}
