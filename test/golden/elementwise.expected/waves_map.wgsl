// waves (map)

@group(0) @binding(0) var<storage, read_write> b_waves: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_x_1: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b_y: array<vec4<f32>>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  let v_group_x = i32(group_id.x);
  let v_x = i32(local_id.x);
  if (v_group_x * 256i + v_x * 4i < 660i) {
    let v_at_1 = v_group_x * 64i + v_x;
    let v_x_2 = b_x_1[min(v_at_1, 164i)];
    let v_y_2 = b_y[min(v_at_1, 164i)];
    if (v_at_1 < 165i) {
      b_waves[v_at_1] = sin(v_x_2) * cos(v_y_2) + sqrt(vec4<f32>(1.0f) + v_x_2 * v_x_2) * inverseSqrt(vec4<f32>(2.0f) + v_y_2 * v_y_2) + log(vec4<f32>(3.0f) + max(v_x_2, min(v_y_2, vec4<f32>(1.0f))));
    }
  }
}
