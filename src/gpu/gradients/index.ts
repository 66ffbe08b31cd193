// What tfjs lacks to differentiate what our library can meet, once and twice. Imported for what it registers.
import "../tape.ts";
import "./backward.ts";
import "./cumprod.ts";
import "./indexing.ts";
import "./losses.ts";
import "./segment-sum.ts";
import "./steps.ts";
