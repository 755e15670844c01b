// The pages work without this; it only lets a reader put a message away.
for (const button of document.querySelectorAll("[data-dismiss]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    button.closest(".flash").remove();
    document.getElementById("content").focus();
  });
}
