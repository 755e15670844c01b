// The pages work without this; it only lets a reader put a message away.
document.addEventListener("click", (event) => {
  if (event.target.matches("[data-dismiss]")) {
    event.target.closest(".flash").remove();
  }
});
