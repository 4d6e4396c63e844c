// Paths of URLs. Queries are private.
"use strict";

/** A URL's path. */
const pathOf = (url) => {
  const text = String(url);
  const end = text.search(/[?#]/);
  return end < 0 ? text : text.slice(0, end);
};

exports.pathOf = pathOf;

/** The same of a request that is sent, with a question mark where there was a query: two such requests may ask for different things. */
exports.askedPath = (url) => {
  const path = pathOf(url);
  return String(url)[path.length] === "?" ? `${path}?` : path;
};
