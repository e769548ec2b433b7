// The site's script. It is made of modules: each by its name, and made when it is first asked for.
"use strict";

const modules = new Map();
const define = (name, make) => modules.set(name, { make, made: undefined });
const use = (name) => {
  const module = modules.get(name);
  module.made ??= module.make();
  return module.made;
};

const element = (tag, className, text) => {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
};
