// y.head.keys (map), linformer.lf:27

@group(0) @binding(0) var<storage, read_write> b_keys: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_wk: array<vec4<f32>>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  let v_group_x = i32(group_id.x);
  let v_x = i32(local_id.x);
  let v_at_1 = v_group_x * 64i + v_x;
  b_keys[v_at_1] = b_wk[v_at_1];
}
