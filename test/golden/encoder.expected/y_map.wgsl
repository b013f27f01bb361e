// u.y (map), norm.lf:8
// y (map), norm.lf:8

@group(0) @binding(0) var<storage, read_write> b_y: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_x_1: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b_gain: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> b_bias: array<vec4<f32>>;
var<workgroup> s_parts: array<f32, 128>;

// Sum of the lanes.
fn lf_fold_add_x4(v: vec4<f32>) -> f32 {
  return (v.x + v.y) + (v.z + v.w);
}

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  var r_acc: vec4<f32>;
  var r_acc_1: vec4<f32>;
  let v_group_x = i32(group_id.x);
  let v_y_2 = i32(local_id.y);
  let v_x = i32(local_id.x);
  let v_at_1 = v_group_x * 64i + v_y_2 * 8i + v_x;
  let v_x_2 = b_x_1[v_at_1];
  r_acc += v_x_2;
  let v_part = lf_fold_add_x4(r_acc);
  let v_at_2 = v_y_2 * 8i + v_x;
  s_parts[v_at_2] = v_part;
  workgroupBarrier();
  let v_part_1 = s_parts[v_y_2 * 8i];
  let v_at_3 = v_y_2 * 8i + 1i;
  let v_joined = v_part_1 + s_parts[v_at_3];
  let v_at_4 = v_y_2 * 8i + 2i;
  let v_joined_1 = v_joined + s_parts[v_at_4];
  let v_at_5 = v_y_2 * 8i + 3i;
  let v_joined_2 = v_joined_1 + s_parts[v_at_5];
  let v_at_6 = v_y_2 * 8i + 4i;
  let v_joined_3 = v_joined_2 + s_parts[v_at_6];
  let v_at_7 = v_y_2 * 8i + 5i;
  let v_joined_4 = v_joined_3 + s_parts[v_at_7];
  let v_at_8 = v_y_2 * 8i + 6i;
  let v_joined_5 = v_joined_4 + s_parts[v_at_8];
  let v_at_9 = v_y_2 * 8i + 7i;
  let v_of_row = (v_joined_5 + s_parts[v_at_9]) * 0.03125f;
  r_acc_1 = vec4<f32>(0.0f);
  r_acc_1 += (v_x_2 - vec4<f32>(v_of_row)) * (v_x_2 - vec4<f32>(v_of_row));
  s_parts[v_at_2 + 64i] = lf_fold_add_x4(r_acc_1);
  workgroupBarrier();
  let v_part_10 = s_parts[v_y_2 * 8i + 64i];
  let v_joined_7 = v_part_10 + s_parts[v_at_3 + 64i];
  let v_joined_8 = v_joined_7 + s_parts[v_at_4 + 64i];
  let v_joined_9 = v_joined_8 + s_parts[v_at_5 + 64i];
  let v_joined_10 = v_joined_9 + s_parts[v_at_6 + 64i];
  let v_joined_11 = v_joined_10 + s_parts[v_at_7 + 64i];
  let v_joined_12 = v_joined_11 + s_parts[v_at_8 + 64i];
  let v_of_row_1 = (v_joined_12 + s_parts[v_at_9 + 64i]) * 0.03125f;
  let v_gain_2 = b_gain[v_x];
  let v_bias_2 = b_bias[v_x];
  b_y[v_at_1] = (v_x_2 - vec4<f32>(v_of_row)) * vec4<f32>(inverseSqrt(v_of_row_1 + 0.00001f)) * v_gain_2 + v_bias_2;
}
