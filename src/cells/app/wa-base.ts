import "@awesome.me/webawesome/dist/styles/themes/default.css";
import "../styles/wa.css";
import {registerIconLibrary} from "@awesome.me/webawesome/dist/components/icon/library.js";

// The default library would ask a CDN for every icon; ours asks nobody, and the components' own icons are inlined.
registerIconLibrary("default", {
  resolver: () => "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'/>"
});
