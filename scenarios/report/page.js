"use strict";
// How long production takes, from a number of rows that the reader types in. Everything else on the page is
// there without this script.
(function () {
  var form = document.getElementById("estimate");
  if (!form) { return; }
  var rates = ["high", "middle", "low"].map(function (name) { return Number(form.dataset[name]); });
  function words(seconds) {
    if (seconds < 100) { return seconds.toFixed(seconds < 10 ? 1 : 0) + " s"; }
    if (seconds < 7200) { return Math.round(seconds / 60) + " min"; }
    if (seconds < 172800) { return (seconds / 3600).toFixed(1) + " h"; }
    return (seconds / 86400).toFixed(1) + " d";
  }
  function show() {
    var rows = Number(form.elements.rows.value.replace(/[^0-9]/g, ""));
    form.elements.result.value = rows > 0
      ? words(rows / rates[1]) + " (" + words(rows / rates[0]) + " to " + words(rows / rates[2]) + ")"
      : "";
  }
  form.addEventListener("input", show);
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  show();
})();
