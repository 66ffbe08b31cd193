/** Whether Command is the main modifier key here. */
export const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
