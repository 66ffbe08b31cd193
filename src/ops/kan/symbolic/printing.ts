import type {Base, Part, Sum, Term} from "./forms.ts";
import {isBuiltIn, type SymbolicFunction, symbolicFunctions} from "./functions.ts";

// Formulas as text. The three notations differ in how they write numbers, names, powers, calls and quotients.

/** How a formula is written. */
export interface Notation {
  readonly number: (value: number) => string;
  readonly pi: string;
  readonly name: (index: number) => string;
  readonly times: string;
  readonly group: (inside: string) => string;
  readonly power: (base: string, exponent: number) => string;
  /** A minus before a product, which may begin with a power. */
  readonly negative: (product: string, startsWithPower: boolean) => string;
  readonly root: (inside: string) => string;
  readonly quotient: (above: string, below: string, isBelowProduct: boolean) => string;
  readonly call: (name: string, argument: string) => string;
}

/** How the notations write a function of z that has no name in them all. */
const TEXT: Readonly<Record<string, string>> = {
  arcsin: "asin(z)",
  arccos: "acos(z)",
  arctan: "atan(z)",
  arctanh: "atanh(z)",
  arcsinh: "asinh(z)",
  sgn: "sign(z)",
  gaussian: "exp(-(z)^2)",
  "x^(1/3)": "cbrt(z)",
  sigmoid: "1/(1 + exp(-(z)))",
  softplus: "log(1 + exp(z))"
};

const JAVASCRIPT: Readonly<Record<string, string>> = {
  arcsin: "Math.asin(z)",
  arccos: "Math.acos(z)",
  arctan: "Math.atan(z)",
  arctanh: "Math.atanh(z)",
  arcsinh: "Math.asinh(z)",
  sgn: "Math.sign(z)",
  gaussian: "Math.exp(-((z) ** 2))",
  "x^(1/3)": "Math.cbrt(z)",
  sech: "1 / Math.cosh(z)",
  sigmoid: "1 / (1 + Math.exp(-(z)))",
  softplus: "(Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))))"
};

const LATEX: Readonly<Record<string, string>> = {
  abs: "\\left|z\\right|",
  arctanh: "\\operatorname{artanh}\\left(z\\right)",
  arcsinh: "\\operatorname{arsinh}\\left(z\\right)",
  sgn: "\\operatorname{sgn}\\left(z\\right)",
  sech: "\\operatorname{sech}\\left(z\\right)",
  gaussian: "e^{-\\left(z\\right)^{2}}",
  "x^(1/3)": "\\sqrt[3]{z}",
  sigmoid: "\\frac{1}{1 + e^{-\\left(z\\right)}}",
  softplus: "\\log\\left(1 + e^{z}\\right)"
};

/** Plain text, as one would type it: exp(sin(pi*x) + y^2). */
export function textNotation(names: readonly string[]): Notation {
  return {
    number: String,
    pi: "pi",
    name: (index) => names[index] as string,
    times: "*",
    group: (inside) => `(${inside})`,
    power: (base, exponent) => `${base}^${exponent}`,
    negative: (product) => `-${product}`,
    root: (inside) => `sqrt(${inside})`,
    quotient: (above, below, isProduct) => `${above}/${isProduct ? `(${below})` : below}`,
    call: (name, z) => filled(bracketed(own(name)?.formula) ?? TEXT[name] ?? `${name}(z)`, z)
  };
}

/** An expression of JavaScript. */
export function javascriptNotation(names: readonly string[]): Notation {
  return {
    ...textNotation(names),
    pi: "Math.PI",
    times: " * ",
    power: (base, exponent) => `${base} ** ${exponent}`,
    // JavaScript does not take -x ** 2.
    negative: (product, startsWithPower) => (startsWithPower ? `-(${product})` : `-${product}`),
    root: (inside) => `Math.sqrt(${inside})`,
    quotient: (above, below, isProduct) => `${above} / ${isProduct ? `(${below})` : below}`,
    call: (name, z) => {
      const written = filled(bracketed(own(name)?.javascript) ?? JAVASCRIPT[name] ?? `Math.${name}(z)`, z);
      return written.startsWith("1 /") ? `(${written})` : written;
    }
  };
}

/** LaTeX, for mathematical mode. */
export function latexNotation(names: readonly string[]): Notation {
  return {
    number: (value) => String(value).replace(/^(-?[\d.]+)e\+?(-?\d+)$/, "$1 \\cdot 10^{$2}"),
    pi: "\\pi",
    name: (index) => latexName(names[index] as string),
    times: " ",
    group: (inside) => `\\left(${inside}\\right)`,
    power: (base, exponent) => `${base}^{${exponent}}`,
    negative: (product) => `-${product}`,
    root: (inside) => `\\sqrt{${inside}}`,
    quotient: (above, below) => `\\frac{${above}}{${below}}`,
    call: (name, z) => filled(own(name)?.latex ?? LATEX[name] ?? `\\${name}\\left(z\\right)`, z)
  };
}

/** A sum in a notation. Multiples of pi within waves are written as such when numbers are rounded to `digits`. */
export function written(sum: Sum, notation: Notation, digits: number | undefined, isAngle = false): string {
  const number = (value: number) => (isAngle ? angle(value, notation, digits) : notation.number(value));
  const pieces = sum.terms.map((term) => ({
    isNegative: term.factor < 0,
    text: product(term, notation, digits, number),
    startsWithPower: startsWithPower(term)
  }));
  if (sum.constant !== 0 || pieces.length === 0)
    pieces.push({
      isNegative: sum.constant < 0,
      text: number(Math.abs(sum.constant)),
      startsWithPower: false
    });
  return pieces.reduce((all, {isNegative, text, startsWithPower}, i) => {
    if (i === 0) return isNegative ? notation.negative(text, startsWithPower) : text;
    return `${all} ${isNegative ? "-" : "+"} ${text}`;
  }, "");
}

function startsWithPower({factor, parts}: Term): boolean {
  const first = parts.find(({power}) => power > 0);
  return Math.abs(factor) === 1 && first !== undefined && first.power !== 1 && first.power !== 0.5;
}

function product(
  {factor, parts}: Term,
  notation: Notation,
  digits: number | undefined,
  number: (value: number) => string
): string {
  const size = Math.abs(factor);
  const above = parts.filter(({power}) => power > 0).map((part) => partText(part, notation, digits));
  const below = parts
    .filter(({power}) => power < 0)
    .map(({base, power}) => partText({base, power: -power}, notation, digits));
  if (size !== 1 || above.length === 0) above.unshift(number(size));
  const top = above.join(notation.times);
  return below.length === 0 ? top : notation.quotient(top, below.join(notation.times), below.length > 1);
}

function partText({base, power}: Part, notation: Notation, digits: number | undefined): string {
  if (power === 0.5)
    return notation.root(
      base.kind === "group" ? written(base.sum, notation, digits) : baseText(base, notation, digits)
    );
  const text = baseText(base, notation, digits);
  if (power === 1) return text;
  return notation.power(base.kind === "call" && base.name === "sech" ? notation.group(text) : text, power);
}

function baseText(base: Base, notation: Notation, digits: number | undefined): string {
  if (base.kind === "input") return notation.name(base.index);
  if (base.kind === "group") return notation.group(written(base.sum, notation, digits));
  const isAngle = base.name === "sin" || base.name === "cos" || base.name === "tan";
  return notation.call(base.name, written(base.argument, notation, digits, isAngle));
}

/** 3.1416 is pi when it is what pi is at so many digits; so for halves, quarters and small multiples. */
function angle(value: number, notation: Notation, digits: number | undefined): string {
  if (digits === undefined || digits < 3) return notation.number(value);
  for (const parts of [1, 2, 4]) {
    const count = Math.round((value / Math.PI) * parts);
    if (count < 1 || count > 8 || Number(((count * Math.PI) / parts).toPrecision(digits)) !== value) continue;
    const above = count === 1 ? notation.pi : `${count}${notation.times}${notation.pi}`;
    return parts === 1 ? above : notation.quotient(above, String(parts), false);
  }
  return notation.number(value);
}

/** x_1 keeps its index, a word is set upright; what LaTeX takes for something else is escaped, but a command. */
function latexName(name: string): string {
  const escaped = name.startsWith("\\") ? name : name.replace(/[#$%&{}]/g, "\\$&");
  const [word = "", ...index] = escaped.split("_");
  if (word === "" || index.includes("")) return `\\mathrm{${escaped.replaceAll("_", "\\_")}}`;
  const upright = word.length > 1 && !word.startsWith("\\") ? `\\mathrm{${word}}` : word;
  return index.length > 0 ? `${upright}_{${index.join(",")}}` : upright;
}

/** A function that was added has notations of its own. */
function own(name: string): SymbolicFunction | undefined {
  return isBuiltIn(name) ? undefined : symbolicFunctions[name];
}

/** With brackets around every z that has none: what stands there may be a sum. */
function bracketed(template: string | undefined): string | undefined {
  return template?.replace(/\(z\)|\bz\b/g, "(z)");
}

function filled(template: string, z: string): string {
  return template.replace(/\bz\b/g, () => z);
}
