export type { Pass, PassContext, Remark } from "../src/backend/backend.js";
