// p (concat), linformer_head.lf:15

@group(0) @binding(0) var<storage, read_write> b_p: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_p_2: array<vec4<f32>>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  let v_group_x = i32(group_id.x);
  let v_x = i32(local_id.x);
  let v_at_1 = v_group_x * 64i + v_x;
  b_p[v_at_1 + 512i] = b_p_2[v_at_1];
}
