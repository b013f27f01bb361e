/** What every file begins with: the functions that C lacks. Composite ones are computed in double and rounded once. */
export const prelude = `#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Compile with -fwrapv: whole numbers wrap. */
static inline int32_t lfc_floordiv_i32(int32_t a, int32_t b) { int32_t q = a / b; return a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q; }
static inline int32_t lfc_mod_i32(int32_t a, int32_t b) { int32_t r = a % b; return r != 0 && (r < 0) != (b < 0) ? r + b : r; }
static inline uint32_t lfc_floordiv_u32(uint32_t a, uint32_t b) { return a / b; }
static inline uint32_t lfc_mod_u32(uint32_t a, uint32_t b) { return a % b; }
static inline float lfc_floordiv_f32(float a, float b) { return floorf(a / b); }
static inline float lfc_mod_f32(float a, float b) { return a - floorf(a / b) * b; }
static inline int32_t lfc_truncdiv_i32(int32_t a, int32_t b) { return a / b; }
static inline uint32_t lfc_truncdiv_u32(uint32_t a, uint32_t b) { return a / b; }
static inline float lfc_min_f32(float a, float b) { return a < b ? a : b; }
static inline float lfc_max_f32(float a, float b) { return a > b ? a : b; }
static inline int32_t lfc_min_i32(int32_t a, int32_t b) { return a < b ? a : b; }
static inline int32_t lfc_max_i32(int32_t a, int32_t b) { return a > b ? a : b; }
static inline uint32_t lfc_min_u32(uint32_t a, uint32_t b) { return a < b ? a : b; }
static inline uint32_t lfc_max_u32(uint32_t a, uint32_t b) { return a > b ? a : b; }
static inline float lfc_abs_f32(float a) { return fabsf(a); }
static inline int32_t lfc_abs_i32(int32_t a) { return a < 0 ? -a : a; }
static inline uint32_t lfc_abs_u32(uint32_t a) { return a; }
static inline float lfc_rsqrt_f32(float a) { return (float)(1 / sqrt(a)); }
static inline float lfc_sigmoid_f32(float a) { return (float)(1 / (1 + exp(-(double)a))); }
static inline float lfc_silu_f32(float a) { return (float)(a / (1 + exp(-(double)a))); }
static inline float lfc_gelu_f32(float a) { return (float)(0.5 * a * (1 + erf(a * 0.7071067811865476))); }
static inline float lfc_gelu_tanh_f32(float a) { double x = a; return (float)(0.5 * x * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)))); }
/* Towards zero, to the nearest that there is; NaN becomes 0. */
static inline int32_t lfc_f32_to_i32(float a) { return a != a ? 0 : a >= 2147483648.0f ? INT32_MAX : a <= -2147483648.0f ? INT32_MIN : (int32_t)a; }
static inline uint32_t lfc_f32_to_u32(float a) { return !(a > 0) ? 0 : a >= 4294967296.0f ? UINT32_MAX : (uint32_t)a; }
static inline int32_t lfc_f32_as_i32(float a) { int32_t x; memcpy(&x, &a, 4); return x; }
static inline uint32_t lfc_f32_as_u32(float a) { uint32_t x; memcpy(&x, &a, 4); return x; }
static inline float lfc_i32_as_f32(int32_t a) { float x; memcpy(&x, &a, 4); return x; }
static inline float lfc_u32_as_f32(uint32_t a) { float x; memcpy(&x, &a, 4); return x; }
static inline uint32_t lfc_i32_as_u32(int32_t a) { return (uint32_t)a; }
static inline int32_t lfc_u32_as_i32(uint32_t a) { return (int32_t)a; }
`;
