/** A colour for a share from 0 to 1. */
export function blend(share) {
  return `hsl(${share * 360}, 70%, 50%)`;
}
