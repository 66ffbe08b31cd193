import "./wa-base.ts";
import "@awesome.me/webawesome/dist/components/toast/toast.js";
