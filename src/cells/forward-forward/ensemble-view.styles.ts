import {css} from "lit";
import {heatTableStyles, viewStyles} from "../styles/view.styles.ts";

export const ensembleStyles = [
  viewStyles,
  heatTableStyles,
  css`
    .layers {
      gap: 10px 24px;
    }
    .layers li {
      overflow-x: auto;
    }
    table {
      font-size: 11px;
    }
    caption {
      max-width: 290px;
      font-size: 12px;
      color: var(--theme-foreground-muted, GrayText);
    }
    caption b {
      display: block;
      font-weight: 600;
      color: var(--theme-foreground, CanvasText);
    }
    tbody th {
      padding: 0 4px 0 0;
    }
    td {
      min-width: 22px;
      padding: 0 1px;
    }
  `
];
