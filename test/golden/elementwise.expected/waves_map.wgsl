// waves (map), elementwise.lf:13

@group(0) @binding(0) var<storage, read_write> b_waves: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_x_1: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b_y: array<vec4<f32>>;

// sin x, within 3e-7 and |x| ulp.
fn lf_sin_x4(x: vec4<f32>) -> vec4<f32> {
  let k = round(x * vec4<f32>(0.636619772));
  let r = fma(k, vec4<f32>(-7.54978995e-8), fma(k, vec4<f32>(-0.000483751297), fma(k, vec4<f32>(-1.5703125), x)));
  let z = r * r;
  let s = r + r * z * (vec4<f32>(-0.166666667) + z * (vec4<f32>(0.00833333333) + z * (vec4<f32>(-0.000198412698) + z * vec4<f32>(2.75573192e-6))));
  let c = vec4<f32>(1.0) - z * (vec4<f32>(0.5) - z * (vec4<f32>(0.0416666667) - z * (vec4<f32>(0.00138888889) - z * vec4<f32>(2.48015873e-5))));
  let q = k - vec4<f32>(4.0) * floor(k * vec4<f32>(0.25));
  let value = select(s, c, fract(k * vec4<f32>(0.5)) != vec4<f32>(0.0));
  return select(value, -value, q >= vec4<f32>(2.0));
}

// cos x, within 3e-7 and |x| ulp.
fn lf_cos_x4(x: vec4<f32>) -> vec4<f32> {
  let k = round(x * vec4<f32>(0.636619772));
  let r = fma(k, vec4<f32>(-7.54978995e-8), fma(k, vec4<f32>(-0.000483751297), fma(k, vec4<f32>(-1.5703125), x)));
  let z = r * r;
  let s = r + r * z * (vec4<f32>(-0.166666667) + z * (vec4<f32>(0.00833333333) + z * (vec4<f32>(-0.000198412698) + z * vec4<f32>(2.75573192e-6))));
  let c = vec4<f32>(1.0) - z * (vec4<f32>(0.5) - z * (vec4<f32>(0.0416666667) - z * (vec4<f32>(0.00138888889) - z * vec4<f32>(2.48015873e-5))));
  let q = k - vec4<f32>(4.0) * floor(k * vec4<f32>(0.25));
  let value = select(c, s, fract(k * vec4<f32>(0.5)) != vec4<f32>(0.0));
  return select(value, -value, (q == vec4<f32>(1.0)) | (q == vec4<f32>(2.0)));
}

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  let v_group_x = i32(group_id.x);
  let v_x = i32(local_id.x);
  if (v_group_x * 256i + v_x * 4i < 660i) {
    let v_at_1 = v_group_x * 64i + v_x;
    let v_x_2 = b_x_1[min(v_at_1, 164i)];
    let v_y_2 = b_y[min(v_at_1, 164i)];
    if (v_at_1 < 165i) {
      b_waves[v_at_1] = lf_sin_x4(v_x_2) * lf_cos_x4(v_y_2) + sqrt(vec4<f32>(1.0f) + v_x_2 * v_x_2) * inverseSqrt(vec4<f32>(2.0f) + v_y_2 * v_y_2) + log(vec4<f32>(3.0f) + max(v_x_2, min(v_y_2, vec4<f32>(1.0f))));
    }
  }
}
