// y (map)

@group(0) @binding(0) var<storage, read_write> b_y: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_a: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b_mu: array<f32>;
@group(0) @binding(3) var<storage, read> b_var: array<f32>;
@group(0) @binding(4) var<storage, read> b_g2: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> b_b2: array<vec4<f32>>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  let v_group_x = i32(group_id.x);
  let v_x = i32(local_id.x);
  let v_at_1 = v_group_x * 64i + v_x;
  let v_a_2 = b_a[v_at_1];
  let v_at_2 = v_group_x * 2i + v_x / 32i;
  let v_mu_2 = b_mu[v_at_2];
  let v_var_2 = b_var[v_at_2];
  let v_at_3 = v_x % 32i;
  let v_g2_2 = b_g2[v_at_3];
  let v_b2_2 = b_b2[v_at_3];
  b_y[v_at_1] = (v_a_2 - vec4<f32>(v_mu_2)) * vec4<f32>(inverseSqrt(v_var_2 + 0.00001f)) * v_g2_2 + v_b2_2;
}
