/**
 * Floating point numbers as C prints them: printf's `%g`, six significant digits, ties to even, no trailing zeros, exponent of at least two digits.
 *
 *     value * 10^(5 - exponent) = 123456.5      digits 123456, what is left decides the rounding
 *
 * The power is exact (10^22 and 5^22 fit a double), so the product is the true one, rounded once. Halves are doubles: a product that is not a half lies on
 * the same side of it as the true one, and for one that is, the exact error of the multiplication tells.
 */
import type { ByteWriter } from "./byte-writer.ts";

/** Powers of ten that doubles hold exactly. */
const powers = Float64Array.from({ length: 23 }, (_, n) => Number(`1e${n}`));

export function writeG(out: ByteWriter, value: number): void {
  const size = Math.abs(value);
  if (!(size >= 1e-16 && size < 1e27)) {
    out.text(formatG(value));
    return;
  }
  let exponent = Math.floor(Math.log10(size));
  // The logarithm is rounded: one off near powers of ten.
  if (scaled(size, exponent) >= 1e6) exponent++;
  else if (scaled(size, exponent) < 1e5) exponent--;
  const product = scaled(size, exponent);
  let digits = Math.floor(product);
  const rest = product - digits;
  if (rest > 0.5 || (rest === 0.5 && isAboveHalf(size, exponent, product, digits))) digits++;
  if (digits === 1e6) {
    digits = 1e5;
    exponent++;
  }
  if (value < 0) out.byte(45);
  writeDigits(out, digits, exponent);
}

/** `size` with six digits before the point. */
function scaled(size: number, exponent: number): number {
  return exponent <= 5 ? size * (powers[5 - exponent] ?? 0) : size / (powers[exponent - 5] ?? 1);
}

/** The product is digits + 0.5 after rounding: whether digits + 1 is nearer to the true one, or as near and even. */
function isAboveHalf(size: number, exponent: number, product: number, digits: number): boolean {
  const power = powers[Math.abs(5 - exponent)] ?? 1;
  const error = exponent <= 5 ? productError(size, power, product) : size - product * power - productError(product, power, product * power);
  return error > 0 || (error === 0 && digits % 2 === 1);
}

/** a * b - product, exactly (Dekker's multiplication), where `product` is a * b rounded. */
function productError(a: number, b: number, product: number): number {
  const splitter = 134217729;
  const aHigh = a * splitter - (a * splitter - a);
  const aLow = a - aHigh;
  const bHigh = b * splitter - (b * splitter - b);
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

/** Six digits d.ddddd * 10^exponent, without the zeros at their end. */
function writeDigits(out: ByteWriter, digits: number, exponent: number): void {
  let shown = digits;
  let count = 6;
  while (count > 1 && shown % 10 === 0) {
    shown /= 10;
    count--;
  }
  const isScientific = exponent < -4 || exponent >= 6;
  // Digits before the point.
  const whole = isScientific ? 1 : exponent + 1;
  if (whole <= 0) {
    out.text("0.");
    for (let zeros = whole; zeros < 0; zeros++) out.byte(48);
    out.whole(shown);
  } else if (whole >= count) {
    out.whole(shown);
    for (let zeros = count; zeros < whole; zeros++) out.byte(48);
  } else {
    out.whole(shown);
    out.reserve(1);
    const { bytes } = out;
    const point = out.length - (count - whole);
    bytes.copyWithin(point + 1, point, out.length);
    bytes[point] = 46;
    out.length++;
  }
  if (!isScientific) return;
  out.text(exponent < 0 ? "e-" : "e+");
  if (Math.abs(exponent) < 10) out.byte(48);
  out.whole(Math.abs(exponent));
}

/** Any double, by way of strings. */
export function formatG(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const sign = value < 0 ? "-" : "";
  const [mantissa = "", exponentText = "0"] = sixDigits(Math.abs(value)).split("e");
  const exponent = Number(exponentText);
  const digits = mantissa.replace(".", "");
  if (exponent < -4 || exponent >= 6) {
    const fraction = digits.slice(1).replace(/0+$/, "");
    const size = String(Math.abs(exponent)).padStart(2, "0");
    return `${sign}${digits[0]}${fraction === "" ? "" : `.${fraction}`}e${exponent < 0 ? "-" : "+"}${size}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits.replace(/0+$/, "")}`;
  const fraction = digits.slice(exponent + 1).replace(/0+$/, "");
  return `${sign}${digits.slice(0, exponent + 1)}${fraction === "" ? "" : `.${fraction}`}`;
}

/** `d.ddddde+x`. JavaScript rounds exact ties up, C rounds them to even. */
function sixDigits(value: number): string {
  const rounded = value.toExponential(5);
  const exact = value.toExponential(30);
  const isTie = /^\d\.\d{5}50*e/.test(exact);
  if (!isTie) return rounded;
  const cut = `${exact.slice(0, 7)}${exact.slice(exact.indexOf("e"))}`;
  const isEven = Number(exact[6]) % 2 === 0;
  return isEven ? cut : rounded;
}
