// Tables that can be put in another order.

/** What a cell is sorted by: its first figure, times in milliseconds; nothing comes last, no answer is slower than all. */
function figure(text) {
  if (text.startsWith("no answer")) return Infinity;
  const found = text.replace(/[\u00a0 ](?=\d{3}\b)/g, "").match(/(\d+(?:\.\d+)?)(?:[\u00a0 ](ms|s)\b)?/);
  if (!found) return null;
  return Number(found[1]) * (found[2] === "s" ? 1000 : 1);
}

/** Puts two cells in order, rising or falling; whichever way, what has no figure comes last. */
function compare(a, b, figures, rising) {
  const way = rising ? 1 : -1;
  if (!figures) return way * a.localeCompare(b, "en");
  const [left, right] = [figure(a), figure(b)];
  if (left === null || right === null) return (left === null) - (right === null);
  return left === right ? 0 : way * (left - right);
}

function sortable(table) {
  const heads = [...table.querySelectorAll("th[data-column]")];
  for (const head of heads) {
    const button = make("button", head.textContent, "sort");
    button.type = "button";
    button.title = "put in order";
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const rising = head.ariaSort !== "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.ariaSort = rising ? "ascending" : "descending";
      const column = Number(head.dataset.column);
      const text = (row) => row.cells[column].textContent;
      const figures = head.classList.contains("n");
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => compare(text(a), text(b), figures, rising));
      table.tBodies[0].append(...rows);
    });
  }
}
