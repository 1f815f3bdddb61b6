// When all else is there, the pictures below are fetched too, so that no one waits for them later.
addEventListener("load", () => {
  if (navigator.connection?.saveData) return;
  const idle = window.requestIdleCallback ?? ((act) => setTimeout(act, 50)); // Safari has none
  idle(() => {
    for (const picture of document.querySelectorAll("img[loading=lazy]")) picture.loading = "eager";
  });
});
