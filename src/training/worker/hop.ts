/**
 * Makes a function that lets everything waiting in the message queue in and resolves after it. Unlike a timer it
 * is not slowed down in a hidden tab, and unlike a resolved promise it lets messages (a cancel) through.
 */
export function makeHop(): () => Promise<void> {
  const {port1, port2} = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.onmessage = () => waiting.shift()?.();
  // In Node an open port keeps the process alive.
  (port1 as {unref?: () => void}).unref?.();
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      port2.postMessage(null);
    });
}
