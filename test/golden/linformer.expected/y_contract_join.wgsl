// y (contract), parts joined, linformer.lf:49

@group(0) @binding(0) var<storage, read_write> b_y: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_parts: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b_a: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> b_c2: array<vec4<f32>>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  var r_sum: vec4<f32>;
  let v_group_x = i32(group_id.x);
  let v_x = i32(local_id.x);
  let v_at_1 = v_group_x * 64i + v_x;
  r_sum = b_parts[v_at_1];
  for (var v_i = 1i; v_i < 4i; v_i += 1i) {
    r_sum += b_parts[v_at_1 + v_i * 16384i];
  }
  let v_a_2 = b_a[v_at_1];
  b_y[v_at_1] = v_a_2 + b_c2[v_x % 32i] + r_sum;
}
