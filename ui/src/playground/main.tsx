import "./nonce";

// Only then what makes style sheets: imports of one file are evaluated before it.
void import("./start");
