// y (map)

@group(0) @binding(0) var<storage, read_write> b_y: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_tokens: array<i32>;
@group(0) @binding(2) var<storage, read> b_tok: array<f32>;
@group(0) @binding(3) var<storage, read> b_pos: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> b_mu: array<f32>;
@group(0) @binding(5) var<storage, read> b_var: array<f32>;
@group(0) @binding(6) var<storage, read> b_g1: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read> b_b1: array<vec4<f32>>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  let v_group_x = i32(group_id.x);
  let v_x = i32(local_id.x);
  let v_at_1 = v_group_x * 2i + v_x / 32i;
  let v_tokens_2 = b_tokens[v_at_1];
  let v_at_2 = v_x % 32i;
  let v_at_3 = v_at_2 * 4i;
  let v_at_5 = min(max(v_tokens_2, 0i), 255i) * 128i + v_at_3;
  let v_tok_2 = b_tok[v_at_5];
  let v_tok_3 = b_tok[v_at_5 + 1i];
  let v_tok_4 = b_tok[v_at_5 + 2i];
  let v_tok_5 = b_tok[v_at_5 + 3i];
  let v_at_4 = v_group_x * 64i + v_x;
  let v_pos_2 = b_pos[v_at_4];
  let v_mu_2 = b_mu[v_at_1];
  let v_var_2 = b_var[v_at_1];
  let v_g1_2 = b_g1[v_at_2];
  let v_b1_2 = b_b1[v_at_2];
  b_y[v_at_4] = (vec4<f32>(v_tok_2, v_tok_3, v_tok_4, v_tok_5) + v_pos_2 - vec4<f32>(v_mu_2)) * vec4<f32>(inverseSqrt(v_var_2 + 0.00001f)) * v_g1_2 + v_b1_2;
}
