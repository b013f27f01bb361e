// var (reduce)

@group(0) @binding(0) var<storage, read_write> b_var: array<f32>;
@group(0) @binding(1) var<storage, read> b_a: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b_mu: array<f32>;
var<workgroup> s_parts: array<f32, 80>;

// Sum of the lanes.
fn lf_fold_add_x4(v: vec4<f32>) -> f32 {
  return ((v.x + v.y) + (v.z + v.w));
}

@compute @workgroup_size(32, 2, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  var r_acc: vec4<f32>;
  let v_group_x = i32(group_id.x);
  let v_y = i32(local_id.y);
  let v_x = i32(local_id.x);
  r_acc = vec4<f32>(0.0f);
  let v_a_2 = b_a[v_group_x * 64i + v_y * 32i + v_x];
  let v_at_1 = v_group_x * 2i + v_y;
  let v_mu_2 = b_mu[v_at_1];
  r_acc = r_acc + (v_a_2 - vec4<f32>(v_mu_2)) * (v_a_2 - vec4<f32>(v_mu_2));
  let v_part = lf_fold_add_x4(r_acc);
  s_parts[v_y * 32i + v_x] = v_part;
  workgroupBarrier();
  if (v_x < 8i) {
    let v_at_2 = v_y * 32i + v_x * 4i;
    let v_part_1 = s_parts[v_at_2];
    let v_part_2 = s_parts[v_at_2 + 1i];
    let v_joined = v_part_1 + v_part_2;
    let v_part_3 = s_parts[v_at_2 + 2i];
    let v_joined_1 = v_joined + v_part_3;
    let v_part_4 = s_parts[v_at_2 + 3i];
    let v_joined_2 = v_joined_1 + v_part_4;
    s_parts[v_y * 8i + v_x + 64i] = v_joined_2;
  }
  workgroupBarrier();
  let v_part_5 = s_parts[v_y * 8i + 64i];
  let v_part_6 = s_parts[v_y * 8i + 65i];
  let v_joined_3 = v_part_5 + v_part_6;
  let v_part_7 = s_parts[v_y * 8i + 66i];
  let v_joined_4 = v_joined_3 + v_part_7;
  let v_part_8 = s_parts[v_y * 8i + 67i];
  let v_joined_5 = v_joined_4 + v_part_8;
  let v_part_9 = s_parts[v_y * 8i + 68i];
  let v_joined_6 = v_joined_5 + v_part_9;
  let v_part_10 = s_parts[v_y * 8i + 69i];
  let v_joined_7 = v_joined_6 + v_part_10;
  let v_part_11 = s_parts[v_y * 8i + 70i];
  let v_joined_8 = v_joined_7 + v_part_11;
  let v_part_12 = s_parts[v_y * 8i + 71i];
  let v_joined_9 = v_joined_8 + v_part_12;
  if (v_x == 0i) {
    b_var[v_at_1] = v_joined_9 * 0.0078125f;
  }
}
