/** Floating point numbers as C prints them. */

/** `value` as printf's `%g`: six significant digits, ties to even, no trailing zeros, exponent of at least two digits. */
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
