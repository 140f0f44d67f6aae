// Swagger UI, with the personas of the demonstration. A file of its own: the page allows no script within itself.
// The older form is drawn in a third of the time.
fetch("/openapi-3.0.json").then((answer) => answer.json()).then((spec) => {
// Calls go where the page came from, whatever name the service has elsewhere.
spec.servers = [{ url: "/" }];
// Examples of optional filters would be filled in and sent: they are for reading only.
for (const item of Object.values(spec.paths)) {
  for (const operation of Object.values(item)) {
    for (const parameter of operation.parameters || []) if (!parameter.required) delete parameter.example;
  }
}
const ui = SwaggerUIBundle({
  spec,
  persistAuthorization: true,
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "none",
  filter: true,
  tryItOutEnabled: true,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
});
window.ui = ui;
// Demonstration personas: the address exists outside production only.
fetch("/demo/personas").then((answer) => answer.ok ? answer.json() : []).then((personas) => {
  const bar = document.getElementById("personas");
  for (const persona of personas) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = persona.label;
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      ui.preauthorizeApiKey("bearer", persona.token);
      for (const other of bar.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === button));
      sessionStorage.setItem("persona", persona.label);
    });
    bar.append(button);
    bar.hidden = false;
  }
  // Whoever was signed in before the page was loaded anew still is, with a new token.
  const last = sessionStorage.getItem("persona");
  [...bar.querySelectorAll("button")].find((button) => button.textContent === last)?.click();
}).catch(() => {});
});
