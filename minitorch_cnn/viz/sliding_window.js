// Moves the window of each figure that is not listening yet: arrow keys, Home, End, pointer, touch.
for (const figure of document.querySelectorAll(".sliding-window:not([data-ready])")) {
  figure.dataset.ready = "";
  const svg = figure.querySelector("svg");
  const [columns, across, down, cell, row] = figure.dataset.steps.split(" ").map(Number);
  const sums = figure.dataset.sums.split("|");
  const last = sums.length - 1;
  let position = 0;

  const move = (name, x, y) => {
    for (const part of figure.querySelectorAll("." + name)) {
      part.setAttribute("transform", `translate(${x} ${y})`);
    }
  };

  const show = (next) => {
    if (next < 0 || next > last) return;
    position = next;
    const right = position % columns, below = Math.floor(position / columns);
    move("window", right * across, below * down);
    move("lit-output", right * cell, below * cell);
    move("lit-row", 0, position * row);
    figure.querySelector("output").textContent = sums[position];
    svg.setAttribute("aria-valuenow", position + 1);
  };

  svg.addEventListener("keydown", (event) => {
    const next = {
      ArrowLeft: position - 1, ArrowRight: position + 1,
      ArrowUp: position - columns, ArrowDown: position + columns, Home: 0, End: last,
    }[event.key];
    if (next === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    show(next);
  });
  const touched = (event) => {
    const found = document.elementFromPoint(event.clientX, event.clientY);
    const target = found && found.closest("[data-position]");
    if (target && figure.contains(target)) show(Number(target.dataset.position));
  };
  svg.addEventListener("pointerdown", touched);
  svg.addEventListener("pointermove", (event) => event.buttons && touched(event));

  svg.setAttribute("tabindex", 0);
  svg.setAttribute("role", "slider");
  svg.setAttribute("aria-valuemin", 1);
  svg.setAttribute("aria-valuemax", sums.length);
  show(0);
}
