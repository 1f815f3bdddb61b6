// Sliders over pictures: each `figure.bo-frames` that is not live yet shows the frame its range names.
(() => {
  const QUIET = 700; // milliseconds without a move after which the frame is described

  for (const figure of document.querySelectorAll("figure.bo-frames:not([data-live])")) {
    figure.dataset.live = "";
    const [input, output, picture, words] =
      ["input", "output", "img", "[role=status]"].map((name) => figure.querySelector(name));
    const frames = [...figure.querySelector("template").content.querySelectorAll("img")];
    const shown = picture.cloneNode();
    frames.splice(input.valueAsNumber, 0, shown); // the template holds the others

    let wait;
    const show = () => {
      const frame = frames[input.valueAsNumber];
      picture.src = frame.getAttribute("src");
      picture.alt = frame.alt;
      output.value = frame.dataset.label;
      input.setAttribute("aria-valuetext", frame.dataset.label);
      clearTimeout(wait);
      wait = setTimeout(() => (words.textContent = frame.alt), QUIET);
    };
    input.addEventListener("input", show);
    // A finger that lands on it and then scrolls the page has not meant it.
    let before = input.value;
    input.addEventListener("pointerdown", () => (before = input.value));
    input.addEventListener("pointercancel", () => {
      input.value = before;
      show();
    });

    // The first touch fetches the other frames, for the screen and, as a grid, for the printer.
    const fetchAll = () => {
      if (figure.querySelector(".bo-frames-grid")) return;
      const grid = document.createElement("div");
      grid.className = "bo-frames-grid";
      for (const frame of frames) {
        const cell = grid.appendChild(document.createElement("div"));
        const copy = cell.appendChild(document.importNode(frame));
        copy.loading = "eager";
        if (copy.width === 0) for (const side of ["width", "height"]) copy.removeAttribute(side);
        cell.append(frame.dataset.label);
      }
      picture.after(grid);
    };
    for (const event of ["pointerenter", "pointerdown", "focus"])
      input.addEventListener(event, fetchAll, { once: true });

    figure.querySelector(".bo-frames-control").hidden = false;
  }
})();
