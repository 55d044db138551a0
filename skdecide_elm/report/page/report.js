"use strict";
(() => {
  const data = JSON.parse(document.getElementById("programs").textContent);
  const panel = document.getElementById("program");
  const parts = Object.fromEntries([...panel.querySelectorAll("[data-part]")].map((e) => [e.dataset.part, e]));

  const element = (tag, text, kind) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (kind) made.className = kind;
    return made;
  };
  const link = (id) => {
    const made = element("button", id in data.programs ? data.programs[id].label : id, "link");
    made.type = "button";
    made.disabled = !(id in data.programs);
    made.dataset.programs = JSON.stringify([id]);
    return made;
  };

  // one group for each kind: c comment, s string, k keyword, f name that is defined, d decorator, m number, b built-in
  const KINDS = ["c", "s", "k", "f", "d", "m", "b"];
  const TOKENS = new RegExp(
    [
      /(#.*)/,
      /((?:\b[bBfFrRuU]{1,2})?(?:"""[^]*?"""|'''[^]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))/,
      /\b(and|as|assert|async|await|break|class|continue|def|del|elif|else|except|False|finally|for|from|global|if|import|in|is|lambda|None|nonlocal|not|or|pass|raise|return|True|try|while|with|yield)\b/,
      /(?<=\b(?:def|class) )(\w+)/,
      /(@\w[\w.]*)/,
      /\b(\d[\w.]*)/,
      /\b(abs|all|any|bool|dict|enumerate|filter|float|int|isinstance|len|list|map|max|min|next|object|print|range|reversed|round|self|set|sorted|str|sum|super|tuple|type|zip|\w+(?:Error|Exception))\b/,
    ]
      .map((part) => part.source)
      .join("|"),
    "g",
  );

  const showCode = (numbers) => {
    parts.code.replaceChildren();
    if (!numbers) {
      parts.code.append("The text was left out: this file would become too large.");
      return;
    }
    const code = numbers.map((number) => data.lines[number]).join("\n");
    let done = 0;
    for (const found of code.matchAll(TOKENS)) {
      const kind = KINDS.find((_, at) => found[at + 1] !== undefined);
      parts.code.append(code.slice(done, found.index), element("span", found[0], kind));
      done = found.index + found[0].length;
    }
    parts.code.append(code.slice(done));
  };

  const showPairs = (list, pairs) => {
    list.replaceChildren(...pairs.flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
    list.hidden = pairs.length === 0;
  };

  const show = (id) => {
    const found = data.programs[id];
    if (!found) return;
    parts.name.textContent = found.label;
    parts.score.textContent = found.score;
    const from = found.operator ? [`${found.operator}, step ${found.step}`] : ["initial program"];
    parts.origin.replaceChildren(...from);
    if (found.parents.length) parts.origin.append(", from ", ...found.parents.map(link));
    showPairs(parts.metrics, Object.entries(found.metrics));
    parts.notes.replaceChildren(
      ...Object.entries(found.artifacts).map(([name, text]) => {
        const details = element("details");
        details.open = name === "error";
        details.append(element("summary", name), element("pre", text));
        return details;
      }),
    );
    showCode(found.lines);
    panel.dataset.shown = id;
  };

  const choose = (ids) => {
    const isCrowd = ids.length > 1;
    parts.choice.replaceChildren(...(isCrowd ? ids.map(link) : []));
    parts.crowd.hidden = !isCrowd;
    show(ids[0]);
  };

  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-programs]");
    if (!target) return;
    const ids = JSON.parse(target.dataset.programs);
    if (parts.choice.contains(target)) show(ids[0]);
    else choose(ids);
    document.querySelectorAll(".chosen").forEach((e) => e.classList.remove("chosen"));
    target.classList.add("chosen");
    const box = panel.getBoundingClientRect();
    if (box.top < 0 || box.top > window.innerHeight * 0.6) panel.scrollIntoView({ block: "start" });
  });

  for (const tab of document.querySelectorAll("[data-map]")) {
    tab.addEventListener("click", () => {
      for (const other of document.querySelectorAll("[data-map]")) {
        const isOwn = other === tab;
        other.setAttribute("aria-pressed", String(isOwn));
        document.getElementById(other.dataset.map).hidden = !isOwn;
      }
    });
  }

  if (data.first !== null) choose([data.first]);
})();
