// What waits to be laid out (unhurried.css) waits until the browser is idle: then the page is laid
// out part by part, so that nothing is blank for who scrolls fast, saves or prints it. On a slow
// device it goes on as it is read. The pictures are fetched all the same: that costs no waiting.
addEventListener("load", () => {
  const TOO_LONG = 40; // milliseconds that a step may take
  const waiting = [...document.querySelectorAll(".bd-article section > :not(section)")];
  const idle = window.requestIdleCallback ?? ((act) => setTimeout(act, 20)); // Safari has none
  let size = 4, slow = 0;
  const next = () => {
    const start = performance.now();
    for (const part of waiting.splice(0, size)) part.style.contentVisibility = "visible";
    document.body.getBoundingClientRect(); // lays out, so that it can be timed
    const took = performance.now() - start;
    size = took < TOO_LONG / 4 ? size * 2 : took < TOO_LONG ? size : Math.ceil(size / 3);
    if (took > TOO_LONG) slow += 1;
    if (waiting.length && slow < 3) idle(next);
    else document.documentElement.dataset.laid = "out";
  };
  idle(() => {
    if (!navigator.connection?.saveData)
      for (const picture of document.querySelectorAll("img[loading=lazy]")) picture.loading = "eager";
    next();
  });
});
