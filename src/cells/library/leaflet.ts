import icon from "leaflet/dist/images/marker-icon.png?url";
import retinaIcon from "leaflet/dist/images/marker-icon-2x.png?url";
import shadow from "leaflet/dist/images/marker-shadow.png?url";
import "leaflet/dist/leaflet.css";
import {Icon} from "leaflet/dist/leaflet-src.esm.js";

// Leaflet guesses its images' address from that of its style sheet, which a bundler has moved.
Reflect.deleteProperty(Icon.Default.prototype, "_getIconUrl");
Icon.Default.mergeOptions({iconUrl: icon, iconRetinaUrl: retinaIcon, shadowUrl: shadow});

export * from "leaflet/dist/leaflet-src.esm.js";
